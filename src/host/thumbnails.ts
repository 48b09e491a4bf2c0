/** Finds the thumbnail file of an asset: by its content hash, and from the engine only when the file is missing. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Engine, type Asset } from '../protocol';
import type { EngineClient } from './engineClient';

export class Thumbnails {
  constructor(private readonly engine: EngineClient, private readonly dbFolder: () => string | undefined) {}

  /** Folder of all thumbnails of this workspace's index. */
  get folder(): string | undefined {
    const dbFolder = this.dbFolder();
    return dbFolder && join(dbFolder, 'thumbnails');
  }

  /** Thumbnail file by content hash; what has none is left out. Never throws: a result without its picture is still a result. */
  async files(assets: readonly Asset[]): Promise<Map<string, string>> {
    const folder = this.folder;
    const files = new Map<string, string>();
    if (!folder) { return files; }
    const missing = new Map<string, Asset>();
    await Promise.all(assets.map(async asset => {
      const file = join(folder, asset.hash.slice(0, 2), `${asset.hash}.webp`);
      try {
        await access(file);
        files.set(asset.hash, file);
      } catch {
        missing.set(asset.hash, asset);
      }
    }));
    if (missing.size === 0) { return files; }
    const wanted = [...missing.values()];
    const made = await this.engine.request(Engine.thumbnails, { assets: wanted.map(({ root, path, part }) => ({ root, path, part })) }).catch(() => []);
    for (const { key, file } of made) {
      const asset = wanted.find(({ root, path, part }) => root === key.root && path === key.path && part === key.part);
      if (asset && file) { files.set(asset.hash, file); }
    }
    return files;
  }
}
