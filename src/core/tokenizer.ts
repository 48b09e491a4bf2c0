/** Turns texts into the token ids that a model's text graph takes. */
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { AssetSearchError, messageOf } from '../errors';
import type { TextSpec } from '../models/manifest';

/** More characters than any context holds, so that a pasted book costs nothing. */
const maxCharactersPerToken = 100;

/** Where the text goes among special tokens; no token of any vocabulary. */
const textPlace = '\0text';

export interface TokenBatch {
  /** rows * length ids, each row padded on the right. */
  ids: number[];
  /** 1 for a token, 0 for padding. */
  mask: number[];
  rows: number;
  length: number;
}

export class Tokenizer {
  private readonly tokenizer: HubTokenizer;
  /** Ids that stand for nothing: the unknown token, and a lone word boundary before it. */
  private readonly blank: ReadonlySet<number>;
  /** Ids before and after every text; empty without special tokens. */
  private readonly around: { before: number[]; after: number[] } = { before: [], after: [] };
  /** What a user may type of the control tokens, and the ids that are never a word's. */
  private readonly controls: { pattern: RegExp | undefined; ids: ReadonlySet<number> };

  /** `json` is the parsed tokenizer.json. Throws AssetSearchError 'modelInvalid'. */
  constructor(json: unknown, private readonly spec: TextSpec) {
    const { model = {}, added_tokens: added = [] } = json as { model?: VocabularyModel; added_tokens?: AddedToken[] };
    try {
      // A word-level vocabulary takes its unknown token from the configuration beside tokenizer.json, which a manifest does not have.
      this.tokenizer = new HubTokenizer(json as object, { unk_token: model.unk_token });
      if (spec.addSpecialTokens && this.tokenizer.post_processor) {
        const tokens = this.tokenizer.post_processor([textPlace], null, true).tokens as string[];
        const place = tokens.indexOf(textPlace);
        const idsOf = (names: string[]) => names.map(name => {
          const id = this.tokenizer.token_to_id(name);
          if (id === undefined) { throw new Error(`it has no token "${name}"`); }
          return id;
        });
        this.around = { before: idsOf(tokens.slice(0, place)), after: idsOf(tokens.slice(place + 1)) };
      }
      this.blank = blankIds(model);
    } catch (error) {
      throw new AssetSearchError('modelInvalid', `The model's tokenizer.json cannot be used: ${messageOf(error)}.`, { cause: error });
    }
    const controls = added.filter(token => token.special);
    const { before, after } = this.around;
    this.controls = {
      pattern: controls.length > 0 ? new RegExp(controls.map(token => escapeRegExp(token.content)).join('|'), 'giu') : undefined,
      // The unknown token stands for what was typed, except where it is the end token as well: CLIP's vocabulary knows every byte and never needs it.
      ids: new Set([...before, ...after, ...controls.map(token => token.id).filter(id => !this.blank.has(id))]),
    };
  }

  /** At most contextLength ids; a longer text loses its end, but keeps the special tokens around it. */
  ids(text: string): number[] {
    const { before, after } = this.around;
    return [...before, ...this.words(text).slice(0, Math.max(0, this.spec.contextLength - before.length - after.length)), ...after];
  }

  /**
   * Ids of the text alone, without white space around it and with single spaces inside, as CLIP and open_clip clean every text: "cat " means "cat" while somebody types.
   * A control token that somebody types (`<|endoftext|>`, or `<mask>` selected in an editor) is text like any other: a space breaks it up. What normalization makes into one
   * all the same is left out: an end token in the middle would hide all that follows it.
   */
  private words(text: string): number[] {
    const { pattern, ids } = this.controls;
    const bounded = this.clean(text.trimStart().slice(0, this.spec.contextLength * maxCharactersPerToken)).trimEnd().replace(/\s+/g, ' ');
    const plain = pattern ? bounded.replace(pattern, token => `${token[0]} ${token.slice(1)}`) : bounded;
    return this.tokenizer.encode(plain, { add_special_tokens: false }).ids.filter(id => !ids.has(id));
  }

  private clean(text: string): string {
    switch (this.spec.clean) {
      case undefined: return text;
      case 'lower': return text.toLowerCase();
      // As canonicalize_text of open_clip's tokenizer.py, which follows big_vision's prompt_engineering.py.
      case 'canonicalize': return text.replaceAll('_', ' ').replace(/[!-/:-@[-`{-~]/g, '').toLowerCase().trimStart();
    }
  }

  /** False for a text of which no piece is in the vocabulary (a character that the model never saw). Always true of byte-level vocabularies, which know all. */
  knows(text: string): boolean {
    return this.words(text).some(id => !this.blank.has(id));
  }

  /** Pads rows of ids as the model wants them. */
  batch(rows: number[][]): TokenBatch {
    const { contextLength, padId, padding } = this.spec;
    // A graph needs at least one token, also for an empty text.
    const length = padding === 'max' ? contextLength : Math.max(1, ...rows.map(row => row.length));
    const ids = rows.flatMap(row => [...row, ...Array<number>(length - row.length).fill(padId)]);
    const mask = rows.flatMap(row => [...Array<number>(row.length).fill(1), ...Array<number>(length - row.length).fill(0)]);
    return { ids, mask, rows: rows.length, length };
  }
}

interface AddedToken { id: number; content: string; special?: boolean }
interface VocabularyModel { vocab?: Record<string, number> | [string, number][]; unk_id?: number | null; unk_token?: string | null }

function blankIds({ vocab, unk_id: unknownId, unk_token: unknownToken }: VocabularyModel): ReadonlySet<number> {
  const idOf = (token: string): number | undefined => (Array.isArray(vocab) ? vocab.findIndex(([piece]) => piece === token) : vocab?.[token]);
  const ids = [unknownId ?? undefined, unknownToken ? idOf(unknownToken) : undefined, idOf('▁')];
  return new Set(ids.filter((id): id is number => id !== undefined && id >= 0));
}

function escapeRegExp(text: string): string { return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'); }
