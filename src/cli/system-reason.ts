/** Why the system refused, in plain words. */

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a folder'],
  ['ENOENT', 'there is no such file or folder'],
  ['ENOSPC', 'the disk is full'],
  ['ENOTDIR', 'a part of its path is a file, not a folder'],
  ['EPERM', 'the system does not permit it'],
  ['EROFS', 'the drive can only be read'],
  ['Z_DATA_ERROR', 'its gzip data is damaged'],
])

export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return REASONS.get(code ?? '') ?? message
}
