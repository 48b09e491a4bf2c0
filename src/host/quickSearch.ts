/** The quick pick that searches while one types, and shows the pictures in ranking order. */
import { readFile } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import * as vscode from 'vscode';
import { Engine, type Hit } from '../protocol';
import { isCancelled, toErrorInfo } from './errors';
import { showError, type Host } from './host';
import { openImage } from './imageFiles';
import { uriOf } from './roots';

const typingPauseMs = 120;
const resultLimit = 50;

/** A cell of a sheet by the name that an atlas gives it, or by its number; undefined for a file. */
function cellName({ path, part, cell }: Hit): string | undefined {
  return cell && (basename(cell.name ?? '') || `${basename(path)} · ${part}`);
}

interface Item extends vscode.QuickPickItem {
  uri?: vscode.Uri;
  part?: number;
  hit?: Hit;
  /** What Enter does where there is no image. */
  command?: string;
}

/** `insertPicked` inserts the focused hit, as its button does; `onHide` tells that the list is gone. */
export function quickSearch(host: Host, initial: string, onHide: () => void): { insertPicked(): void } {
  const { engine, settings, thumbnails, roots, inserter } = host;
  const insert: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('insert'), tooltip: vscode.l10n.t('Insert at Cursor ({0})', process.platform === 'darwin' ? '⌘I' : 'Ctrl+I') };
  const reveal: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('go-to-file'), tooltip: vscode.l10n.t('Reveal in Explorer') };
  const similar: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('search-fuzzy'), tooltip: vscode.l10n.t('Find Similar Images') };
  const toPanel: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('link-external'), tooltip: vscode.l10n.t('Show in the Panel') };

  const pick = vscode.window.createQuickPick<Item>();
  // Not in the API yet, and honoured by VS Code: without it the ranking is sorted by name.
  (pick as unknown as { sortByLabel: boolean }).sortByLabel = false;
  pick.title = vscode.l10n.t('Search Assets');
  pick.placeholder = vscode.l10n.t('What does the image show? For example: shopping cart');
  pick.matchOnDescription = false;
  pick.buttons = [toPanel];
  pick.value = initial;

  let request: vscode.CancellationTokenSource | undefined;
  let timer: NodeJS.Timeout | undefined;
  let shown = '';

  const note = (label: string, detail?: string, command?: string): Item => ({ label, detail, command, alwaysShow: true });

  function emptyNote(text: string): Item {
    const status = engine.status;
    if (status?.state === 'indexing') {
      const { done = 0, total = 0 } = status.progress ?? {};
      return note(`$(sync~spin) ${vscode.l10n.t('Nothing found yet for "{0}"', text)}`, vscode.l10n.t('Still indexing: {0} of {1} images. Results come in as they are ready.', done, total));
    }
    return status?.assets === 0
      ? note(`$(info) ${vscode.l10n.t('No images are indexed')}`, vscode.l10n.t('Press Enter to look for images in this workspace now.'), 'assetSearch.index')
      : note(`$(info) ${vscode.l10n.t('Nothing found for "{0}"', text)}`, vscode.l10n.t('Try other words, or a part of the file name.'));
  }

  function errorNote(error: unknown): Item {
    return note(`$(error) ${toErrorInfo(error).message}`, vscode.l10n.t('Press Enter to see the log.'), 'assetSearch.showLog');
  }

  function hitItem(hit: Hit, picture: vscode.Uri | undefined, variants: number): Item {
    const folder = posix.dirname(hit.path);
    const place = [...roots().length > 1 ? [hit.root] : [], ...folder === '.' ? [] : [folder]].join('/');
    const score = hit.score === null ? vscode.l10n.t('file name') : hit.score.toFixed(2);
    return {
      label: cellName(hit) ?? basename(hit.path),
      description: [hit.cell ? posix.join(place, basename(hit.path)) : place, hit.width > 0 ? `${hit.width}×${hit.height}` : '', score, variants > 0 ? vscode.l10n.t('+{0} alike', variants) : ''].filter(Boolean).join(' · '),
      iconPath: picture ?? new vscode.ThemeIcon('file-media'),
      buttons: [insert, reveal, similar],
      alwaysShow: true,
      uri: uriOf(roots(), hit),
      part: hit.part,
      hit,
    };
  }

  async function update(): Promise<void> {
    const text = pick.value.trim();
    request?.cancel();
    request?.dispose();
    request = undefined;
    if (!text) {
      shown = '';
      pick.items = [];
      pick.busy = false;
      return;
    }
    const mine = new vscode.CancellationTokenSource();
    request = mine;
    pick.busy = true;
    let items: Item[] | undefined;
    if (engine.availability === 'untrusted') {
      pick.busy = false;
      pick.items = [note(`$(shield) ${vscode.l10n.t('This workspace is not trusted yet')}`, vscode.l10n.t('Press Enter to read its images once. Once you trust it, its index builds by itself.'), 'assetSearch.index')];
      return;
    }
    try {
      const { hits: all, stacks, strong: allStrong } = await engine.request(Engine.search, { text, limit: resultLimit, useNames: settings.current.useFileNames }, mine.token);
      // One line for all variants of a drawing.
      const first = all.map((_, index) => index).filter(index => !stacks || !settings.current.stackVariants || stacks[index] === index);
      const hits = first.map(index => all[index]!);
      const strong = allStrong === undefined ? undefined : first.filter(index => index < allStrong).length;
      const files = await thumbnails.files(hits);
      const others = (index: number): number => hits.length === all.length ? 0 : stacks!.filter(each => each === index).length - 1;
      const pictures = await Promise.all(hits.map(async ({ hash }) => { const file = files.get(hash); return file === undefined ? undefined : onGround(file); }));
      items = hits.length > 0 ? hits.map((hit, at) => hitItem(hit, pictures[at], others(first[at]!))) : [emptyNote(text)];
      if (strong !== undefined && strong < hits.length) { items.splice(strong, 0, { label: vscode.l10n.t('Weak matches'), kind: vscode.QuickPickItemKind.Separator }); }
    } catch (error) {
      if (!isCancelled(error)) { items = [errorNote(error)]; }
    }
    if (request !== mine) { return; } // a newer query has taken over
    pick.busy = false;
    if (items) {
      pick.items = items;
      shown = items.some(item => item.uri) ? text : '';
    }
  }

  const news = engine.onDidChangeStatus(() => {
    // Results come in while the index is built; what is on screen stays as it is.
    if (pick.value.trim() && pick.value.trim() !== shown && !pick.busy) { void update(); }
  });
  pick.onDidChangeValue(() => {
    clearTimeout(timer);
    pick.busy = true;
    timer = setTimeout(() => void update(), typingPauseMs);
  });
  pick.onDidAccept(() => {
    const item = pick.selectedItems[0];
    if (item?.uri) {
      pick.hide();
      openImage(item.uri).catch(error => showError(host, error));
    } else if (item?.command) {
      pick.hide();
      void vscode.commands.executeCommand(item.command);
    }
  });
  function insertHit({ hit }: Item): void {
    if (!hit) { return; }
    pick.hide();
    inserter.insert([hit]).catch(error => showError(host, error));
  }
  pick.onDidTriggerItemButton(({ item, button }) => {
    if (button === insert) { insertHit(item); return; }
    if (!item.uri) { return; }
    pick.hide();
    if (button === similar) { void vscode.commands.executeCommand('assetSearch.findSimilar', item.uri, item.part); } else { void vscode.commands.executeCommand('revealInExplorer', item.uri); }
  });
  pick.onDidTriggerButton(() => {
    const query = pick.value.trim();
    pick.hide();
    void vscode.commands.executeCommand('assetSearch.openPanel', query ? { query } : undefined);
  });
  pick.onDidHide(() => {
    clearTimeout(timer);
    request?.cancel();
    request?.dispose();
    request = undefined;
    news.dispose();
    pick.dispose();
    onHide();
  });
  pick.show();
  void update();
  engine.start();
  return { insertPicked: () => { const item = pick.activeItems[0]; if (item) { insertHit(item); } } };
}

/** The thumbnail on a grey ground on which dark and light drawings are seen, whatever the theme; the file itself where it cannot be read. */
async function onGround(file: string): Promise<vscode.Uri> {
  try {
    const picture = (await readFile(file)).toString('base64');
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" rx="10" fill="#87878c"/><image x="6" y="6" width="52" height="52" href="data:image/webp;base64,${picture}"/></svg>`;
    return vscode.Uri.parse(`data:image/svg+xml;base64,${Buffer.from(drawing).toString('base64')}`);
  } catch {
    return vscode.Uri.file(file);
  }
}
