import { ModelFormatError } from '@bitwright/core';

/** Why a location is refused, or its segments. */
function readSegments(location: string): readonly string[] | string {
  if (location === '') return 'an empty path';
  if (location.includes('\0')) return 'a path with a NUL byte';
  if (location.includes('\\')) return `${JSON.stringify(location)}, which has a backslash`;
  if (location.includes('_ORT_MEM_ADDR_')) return `${JSON.stringify(location)}, an in-memory marker of onnxruntime`;
  if (location.startsWith('/')) return `${JSON.stringify(location)}, an absolute path`;
  if (/^[A-Za-z]:/.test(location)) return `${JSON.stringify(location)}, a path with a drive letter`;
  const segments: string[] = [];
  for (const segment of location.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return `${JSON.stringify(location)}, which leaves the folder of the model`;
  }
  return segments.length === 0 ? `${JSON.stringify(location)}, which names no file` : segments;
}

/**
 * Path segments of an external-data location, below the folder of the model, without `.` and `..`.
 *
 * This is the lexical half of the check; the file system half (links, real path) is done where the file is opened.
 *
 * @param tensor - description of the tensor, for the message
 * @throws {ModelFormatError} for empty and absolute paths, drive letters, backslash, NUL, `..` out of the folder and
 *   in-memory markers
 */
export function locationSegments(location: string, tensor: string): readonly string[] {
  const segments = readSegments(location);
  if (typeof segments !== 'string') return segments;
  throw new ModelFormatError({
    operation: '[onnx] read external data',
    expected: `the location of ${tensor} to be a relative path inside the folder of the model`,
    received: segments,
  });
}
