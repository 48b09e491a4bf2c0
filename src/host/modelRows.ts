/** Which models the list offers, in which order and group. Pure, without VS Code. */
import type { CatalogModel } from '../models/catalog';
import { builtinId, type Manifest } from '../models/manifest';
import type { InstalledModel, PartialDownload } from '../models/modelsFolder';

export interface ModelRow {
  group: 'current' | 'installed' | 'recommended' | 'more';
  /** Value of the setting that chooses it. */
  name: string;
  id: string;
  variant: string;
  title: string;
  /** Of what lies here, else of the download. */
  sizeBytes: number;
  /** Not of the built-in model, which is always there. */
  installed?: InstalledModel;
  known?: CatalogModel;
  license: string;
  /** Of an interrupted download. */
  partialBytes?: number;
}

export interface ModelsHere {
  builtin: Pick<Manifest, 'name' | 'variant' | 'license'> & { sizeBytes: number };
  installed: readonly InstalledModel[];
  partial: readonly PartialDownload[];
}

/** The shortest value of the setting that means this model. */
export function settingName(id: string, variant: string, installed: readonly InstalledModel[], catalog: readonly CatalogModel[]): string {
  const known = catalog.find(model => model.id === id);
  const alone = known ? known.variants[0]!.variant === variant : !installed.some(model => model.id === id && model.variant !== variant);
  return alone ? id : `${id}@${variant}`;
}

/**
 * The model of the setting first, then what is installed (the built-in model included), what the catalogue recommends, and the rest of it: of each model that can be downloaded
 * the variant that is taken by default. A setting that names an unknown model has no row.
 */
export function modelRows({ builtin, installed, partial }: ModelsHere, current: string, catalog: readonly CatalogModel[]): ModelRow[] {
  const builtinRow: ModelRow = { group: 'installed', name: builtinId, id: builtinId, variant: builtin.variant, title: builtin.name, sizeBytes: builtin.sizeBytes, license: builtin.license };
  const here = [builtinRow, ...installed.map((model): ModelRow => {
    const known = catalog.find(each => each.id === model.id);
    return {
      group: 'installed', name: settingName(model.id, model.variant, installed, catalog), id: model.id, variant: model.variant, title: known?.name ?? model.manifest?.name ?? model.id,
      sizeBytes: model.sizeBytes, installed: model, license: model.manifest?.license ?? '', ...known && { known },
    };
  })];
  const [id, variant] = current.split('@', 2);
  const named = (row: ModelRow): boolean => row.id === id && (variant === undefined || row.variant === variant);
  const chosen = here.find(row => row.name === current) ?? here.find(named) ?? catalog.flatMap(known => variantRows(known, partial, installed)).find(named);
  const others = catalog.filter(each => !here.some(row => row.id === each.id) && each.id !== chosen?.id).map(known => variantRows(known, partial)[0]!);
  const rows = [...chosen ? [{ ...chosen, group: 'current' as const }] : [], ...here.filter(row => row !== chosen), ...others];
  const order = ['current', 'installed', 'recommended', 'more'];
  return rows.sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
}

/** What the catalogue has of one model, as downloads. */
export function variantRows(known: CatalogModel, partial: readonly PartialDownload[], installed: readonly InstalledModel[] = []): ModelRow[] {
  return known.variants.map(({ variant, sizeBytes }): ModelRow => {
    const here = installed.find(model => model.id === known.id && model.variant === variant);
    const begun = partial.find(each => each.id === known.id && each.variant === variant);
    return {
      group: known.recommended ? 'recommended' : 'more', name: settingName(known.id, variant, installed, [known]), id: known.id, variant, title: known.name, sizeBytes: here?.sizeBytes ?? sizeBytes,
      known, license: known.license.spdx, ...here && { installed: here }, ...begun && { partialBytes: begun.sizeBytes },
    };
  });
}
