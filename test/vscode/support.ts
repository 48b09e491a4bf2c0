/** What the tests inside VS Code share: the extension, its workspace, real images to put there, and the engine's process. */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { AssetSearchApi } from '../../src/host/api';

export const extension = (): vscode.Extension<AssetSearchApi> => {
  const found = vscode.extensions.getExtension<AssetSearchApi>('asset-search.asset-search');
  if (!found) { throw new Error('The extension is not installed'); }
  return found;
};

export const api = async (): Promise<AssetSearchApi> => extension().activate();

export function inWorkspace(...path: string[]): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (!folder) { throw new Error('No folder is open'); }
  return vscode.Uri.joinPath(folder.uri, ...path);
}

/** Puts the icon of this name (lucide's) into the workspace under a name that says nothing of what it shows. */
export async function putIcon(icon: string, ...path: string[]): Promise<vscode.Uri> {
  const target = inWorkspace(...path);
  await mkdir(dirname(target.fsPath), { recursive: true });
  await copyFile(join(extension().extensionPath, 'node_modules', 'lucide-static', 'icons', `${icon}.svg`), target.fsPath);
  return target;
}

/** Puts the first `count` icons into a folder, and returns their names. */
export async function putManyIcons(count: number, folder: string): Promise<string[]> {
  const source = join(extension().extensionPath, 'node_modules', 'lucide-static', 'icons');
  const names = (await readdir(source)).filter(name => name.endsWith('.svg')).sort().slice(0, count);
  await mkdir(inWorkspace(folder).fsPath, { recursive: true });
  for (const name of names) { await copyFile(join(source, name), inWorkspace(folder, name).fsPath); }
  return names;
}

export async function remove(...path: string[]): Promise<void> {
  await rm(inWorkspace(...path).fsPath, { recursive: true, force: true });
}

/** Waits until `probe` gives something; the test's own timeout ends it. */
export async function until<T>(what: string, probe: () => T | undefined | false | Promise<T | undefined | false>, timeoutMs = 50_000): Promise<T> {
  for (const end = Date.now() + timeoutMs; Date.now() < end;) {
    const value = await probe();
    if (value !== undefined && value !== false) { return value; }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`Waited in vain for: ${what}`);
}

/** Process ids of this extension host's engine. */
export async function enginePids(): Promise<number[]> {
  const isEngine = (command: string) => /[\\/]dist[\\/]engine\.js/.test(command);
  if (process.platform !== 'linux') {
    return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' }).split('\n')
      .map(line => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
      .filter(match => match && Number(match[2]) === process.pid && isEngine(match[3] ?? ''))
      .map(match => Number(match?.[1]));
  }
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async pid => {
    try {
      const [status, command] = await Promise.all([readFile(`/proc/${pid}/status`, 'utf8'), readFile(`/proc/${pid}/cmdline`, 'utf8')]);
      return Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]) === process.pid && isEngine(command.replaceAll('\0', ' ')) ? [Number(pid)] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  }));
  return found.flat();
}

export const names = (found: { uri: vscode.Uri }[]): string[] => found.map(({ uri }) => uri.path.slice(inWorkspace().path.length + 1));

/** The file in the active tab, whichever editor shows it. */
export function activeFile(): string | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputText ? input.uri.fsPath : undefined;
}

export const panelIsOpen = (): boolean => vscode.window.tabGroups.all.some(group =>
  group.tabs.some(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes('assetSearch.panel')));
