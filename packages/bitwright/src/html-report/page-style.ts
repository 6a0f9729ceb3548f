import { fontFamily } from './palette';

/** The page's only style sheet. */
export const pageStyle: string = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2430; --faint: #5f6b7a; --line: #e3e7ec;
  --alone: #3b6fd4; --together: #d9822b; --float: #98a2b3; --clip: #c4372c;
  --problem: #b42318; --problem-soft: #fdecea; --advice: #8a5a00; --advice-soft: #fdf3dc;
  --good: #14713f; --good-soft: #e3f5ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141a; --card: #181e27; --ink: #e7eaf0; --faint: #97a3b4; --line: #2b3442;
    --alone: #79a7ff; --together: #f0a860; --float: #6c788a; --clip: #ff8379;
    --problem: #ff9a91; --problem-soft: #3a1d1c; --advice: #f0c374; --advice-soft: #33290f;
    --good: #74d49d; --good-soft: #14301f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 ${fontFamily}; -webkit-text-size-adjust: 100%;
}
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { font-size: 25px; line-height: 1.25; margin: 0 0 6px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h1 .against { color: var(--faint); font-weight: 400; }
h2 { font-size: 17px; margin: 0 0 4px; }
h3 { font-size: 13px; margin: 0 0 2px; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 0 0 10px; }
.faint { color: var(--faint); }
.small { font-size: 13px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px 22px; margin-top: 16px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(196px, 1fr)); gap: 12px; margin-top: 20px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.card .label { color: var(--faint); font-size: 13px; overflow-wrap: anywhere; }
.card .figure { font-size: 22px; font-weight: 650; letter-spacing: -0.015em; margin: 2px 0; white-space: nowrap; }
.card .note { color: var(--faint); font-size: 13px; }
.card.problem .figure { color: var(--problem); }
.card.good .figure { color: var(--good); }
ol.findings { list-style: none; margin: 10px 0 0; padding: 0; }
ol.findings li { display: grid; grid-template-columns: 84px 1fr; gap: 12px; padding: 12px 0; border-top: 1px solid var(--line); }
ol.findings li:first-child { border-top: 0; padding-top: 4px; }
ol.findings p { margin: 0; overflow-wrap: anywhere; }
ol.findings p + p { color: var(--faint); margin-top: 3px; }
.tag { display: inline-block; font-size: 12px; font-weight: 600; border-radius: 999px; padding: 1px 10px; height: 22px; justify-self: start; }
.tag.problem { color: var(--problem); background: var(--problem-soft); }
.tag.advice { color: var(--advice); background: var(--advice-soft); }
.tag.good { color: var(--good); background: var(--good-soft); }
.scroll { overflow-x: auto; }
figure { margin: 12px 0 0; }
figure svg { display: block; width: 100%; height: auto; min-width: 640px; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 20px 24px; margin-top: 14px; }
.grid figure { margin: 0; min-width: 0; }
.grid figure svg { min-width: 0; }
figure + h3 { margin-top: 18px; }
figcaption { color: var(--faint); font-size: 12.5px; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top; }
th { color: var(--faint); font-weight: 600; }
th:first-child, td:first-child { padding-left: 0; }
td.text, th.text { text-align: left; }
td.name { text-align: left; white-space: normal; min-width: 200px; overflow-wrap: anywhere; }
td.name .faint { display: block; font-size: 12px; }
td.bad { color: var(--problem); font-weight: 600; }
tbody tr:last-child td { border-bottom: 0; }
footer { color: var(--faint); font-size: 13px; margin-top: 20px; }
footer p { margin: 0 0 4px; overflow-wrap: anywhere; }
details summary { cursor: pointer; color: var(--faint); }
@media (max-width: 640px) {
  main { padding: 20px 12px 32px; }
  h1 { font-size: 21px; }
  section { padding: 16px 14px; border-radius: 8px; }
  .cards { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  .card { padding: 10px 12px; }
  .card .figure { font-size: 19px; }
  ol.findings li { grid-template-columns: 1fr; gap: 4px; }
}
@media print { body { background: #fff; } section, .card { break-inside: avoid; } }
`;
