import { create, type DescField, type DescMessage, isFieldSet, type MessageShape } from '@bufbuild/protobuf';

/**
 * Shallow copy of a message with the fields that `keep` accepts; lists and submessages are shared, unknown fields kept.
 * For messages without oneof groups.
 */
export function copyFields<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  keep: (field: DescField) => boolean,
): MessageShape<Desc> {
  const copy = create(schema);
  for (const field of schema.fields) {
    if (keep(field) && isFieldSet(message, field)) {
      Reflect.set(copy, field.localName, Reflect.get(message, field.localName));
    }
  }
  if (message.$unknown !== undefined) copy.$unknown = message.$unknown;
  return copy;
}
