import { printable } from '../terminal/printable';

/** Markup that needs no escaping any more. */
export interface Html {
  readonly markup: string;
}

/** What may stand in a template: text and numbers are escaped, markup is taken as it is, `undefined` is nothing. */
export type HtmlValue = string | number | Html | readonly Html[] | undefined;

/**
 * Markup from a template. Every value is escaped, in text and inside quoted attributes, unless it is markup already:
 * names from a model cannot become tags.
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return { markup: parts.map((part, i) => part + (i < values.length ? toMarkup(values[i]) : '')).join('') };
}

/** Trusted text as markup: constants of this program, and output of the chart library after its check. */
export function trusted(markup: string): Html {
  return { markup };
}

/** A name that may be broken after its separators, so that long paths fit narrow columns. */
export function breakable(name: string): Html {
  const parts = name.split(/(?<=[/._:-])/);
  return { markup: parts.map(escapeHtml).join('<wbr>') };
}

/** Text for HTML and SVG, in content and in double or single quotes; control characters become visible. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

// — internals —

function toMarkup(value: HtmlValue): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return `${value}`;
  if (isList(value)) return value.map((item) => item.markup).join('');
  return value.markup;
}

function isList(value: Html | readonly Html[]): value is readonly Html[] {
  return Array.isArray(value);
}
