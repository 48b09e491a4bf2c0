/** Asks which of the user's words describes an image best, and shows how probable each is. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { Engine, type LabelResult } from '../protocol';
import type { Host } from './host';

interface Item extends vscode.QuickPickItem { word?: string }

/** `given` spares the question, for keybindings and tests. */
export async function labelImages(host: Host, images: readonly vscode.Uri[], given?: readonly string[]): Promise<LabelResult[] | undefined> {
  const labels = given ? [...given] : await host.labels.ask(vscode.l10n.t('Label Image'));
  if (!labels || labels.length === 0) { return undefined; }
  const results = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Labelling images') }, (_progress, token) =>
    host.engine.request(Engine.label, { images: images.map(uri => ({ kind: 'file' as const, path: uri.fsPath })), labels }, token));
  void showLabels(images, results, host.engine.translate);
  return results;
}

async function showLabels(images: readonly vscode.Uri[], results: readonly LabelResult[], translate: (message: string) => string): Promise<void> {
  const percent = new Intl.NumberFormat(vscode.env.language, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const items: Item[] = results.flatMap(result => {
    const name = basename(images[result.image]?.fsPath ?? '');
    const heading: Item = { label: name, kind: vscode.QuickPickItemKind.Separator };
    if (result.error) { return [heading, { label: `$(error) ${name}`, detail: translate(result.error.message) }]; }
    const ranked = result.labels.map((word, index) => ({ word, probability: result.probabilities[index] ?? 0 })).sort((a, b) => b.probability - a.probability);
    return [heading, ...ranked.map(({ word, probability }) => ({ label: word, description: `${bar(probability)} ${percent.format(probability)}`, word }))];
  });
  const chosen = await vscode.window.showQuickPick(items, {
    title: images.length === 1 ? vscode.l10n.t('Labels of {0}', basename(images[0]?.fsPath ?? '')) : vscode.l10n.t('Labels of {0} images', images.length),
    placeHolder: vscode.l10n.t('Enter searches for the chosen word'),
  });
  if (chosen?.word) { await vscode.commands.executeCommand('assetSearch.search', chosen.word); }
}

/** Ten cells of a bar: a probability is seen faster than read. */
const bar = (probability: number): string => '█'.repeat(Math.round(probability * 10)).padEnd(10, '░');
