/** Takes out of a text what tells who its user is: home and workspace folders, the user's and the machine's name. */

export interface Surroundings {
  /** Absolute folders of the workspace with the names that may be shown. */
  roots: readonly { id: string; path: string }[];
  /** Other folders, and what stands for each. */
  folders: readonly { path: string; name: string }[];
  userName: string;
  hostName: string;
}

/** Short names stand in too many words to be looked for ("al", "max"), and these name nobody. */
const isTelling = (name: string): boolean => name.length > 3 && !['root', 'user', 'admin', 'node', 'vscode', 'ubuntu', 'codespace', 'localhost'].includes(name.toLowerCase());

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export function redact(text: string, { roots, folders, userName, hostName }: Surroundings): string {
  const known = [...roots.map(({ path }, index) => ({ path, name: `<folder ${index + 1}>` })), ...folders].filter(({ path }) => path.length > 1);
  let result = text;
  // The longest first: a workspace lies in the home folder.
  for (const { path, name } of known.sort((a, b) => b.path.length - a.path.length)) {
    // As it is, with the other slash, as JSON or as a URI writes it.
    const forms = new Set([path, path.replaceAll('\\', '/'), path.replaceAll('\\', '\\\\'), encodeURI(path.replaceAll('\\', '/'))]);
    for (const form of forms) { result = result.replace(new RegExp(`${escaped(form)}(?![\\w.-])`, 'gi'), name); }
  }
  result = result.replace(/((?:[a-z]:)?[\\/]+(?:home|users|documents and settings)[\\/]+)[^\\/\s"'`:;,)]+/gi, '$1<user>');
  for (const [name, replacement] of [[userName, '<user>'], [hostName, '<machine>']] as const) {
    if (isTelling(name)) { result = result.replace(new RegExp(`(?<![\\w-])${escaped(name)}(?![\\w-])`, 'gi'), replacement); }
  }
  return result;
}
