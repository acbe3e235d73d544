/** Why the system refused, in plain words. */

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission was denied'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EFBIG', 'the file would pass the size limit of this process or disk'],
  ['EIO', 'the disk reported an input/output error'],
  ['EISDIR', 'it is a folder'],
  ['ELOOP', 'its links lead in a circle'],
  ['EMFILE', 'this process has too many files open'],
  ['ENAMETOOLONG', 'the name is too long'],
  ['ENFILE', 'this machine has too many files open'],
  ['ENOENT', 'there is no such file or folder'],
  ['ENOSPC', 'the disk is full'],
  ['ENOTDIR', 'a part of its path is a file, not a folder'],
  ['EPERM', 'permission was denied'],
  ['EROFS', 'the disk is mounted read-only'],
  ['Z_DATA_ERROR', 'its gzip data is damaged'],
])

export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return REASONS.get(code ?? '') ?? message
}
