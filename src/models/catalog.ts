/** The models that can be downloaded: what each is good for, what it may be used for, and everything about it but the hashes, which the hub gives. */
import type { Manifest } from './manifest';

export interface CatalogVariant {
  /** Number format of the weights: fp32, fp16 or int8. */
  variant: string;
  /** POSIX paths in the repository; a downloaded model keeps them, so that a graph finds its external data. */
  files: { vision: string; text: string; tokenizer: string };
  /** Approximate size of the three together, shown before the hub has been asked. */
  sizeBytes: number;
}

export interface CatalogLicense {
  spdx: string;
  name: string;
  url: string;
  /** True: never a default, and downloaded only after an explicit yes. */
  researchOnly: boolean;
}

export interface CatalogModel extends Pick<Manifest, 'id' | 'name' | 'description' | 'preprocessingVersion' | 'embeddingDim' | 'image' | 'text' | 'score' | 'promptTemplates'> {
  /** In words, for a person who chooses. */
  bestFor: string;
  languages: string;
  license: CatalogLicense;
  /** `owner/name` on the hub. */
  repo: string;
  /** 40 hex digits. Where it is not known, the hub's own metadata says to which commit `main` leads when the model is downloaded. */
  commit?: string;
  /** The first one is taken where none is named. */
  variants: readonly CatalogVariant[];
  /** 'verified': what stands here was compared with the files themselves or by the conformance check; the note says how, or what is missing. */
  verified: 'verified' | 'unverified';
  note: string;
  recommended?: 'small' | 'english' | 'multilingual';
}

export const catalog: readonly CatalogModel[] = [
  {
    id: 'clip-vit-base-patch32',
    name: 'OpenAI CLIP ViT-B/32',
    description: 'The original CLIP in its smallest size, trained on 400 million pairs of images and English texts.',
    bestFor: 'Photographs, illustrations and screenshots',
    languages: 'English',
    license: { spdx: 'MIT', name: 'MIT License', url: 'https://github.com/openai/CLIP/blob/main/LICENSE', researchOnly: false },
    repo: 'Xenova/clip-vit-base-patch32',
    variants: [
      // 88 and 64 million parameters (Radford et al. 2021, appendix F; vision and text tower with their projections), of 4, 2 and 1 bytes; tokenizer.json 2.2 MB.
      { variant: 'fp32', files: { vision: 'onnx/vision_model.onnx', text: 'onnx/text_model.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 608_000_000 },
      { variant: 'fp16', files: { vision: 'onnx/vision_model_fp16.onnx', text: 'onnx/text_model_fp16.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 305_000_000 },
      { variant: 'int8', files: { vision: 'onnx/vision_model_quantized.onnx', text: 'onnx/text_model_quantized.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 156_000_000 },
    ],
    preprocessingVersion: 1,
    embeddingDim: 512,
    // preprocessor_config.json of openai/clip-vit-base-patch32: shortest edge 224, resample 3 (bicubic), centre crop, image_mean, image_std.
    image: {
      input: 'pixel_values', output: 'image_embeds', size: 224, resize: 'crop', interpolation: 'bicubic',
      mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711],
    },
    // config.json (max_position_embeddings 77) and tokenizer_config.json (pad_token <|endoftext|>, 49407) of the same repository.
    text: { inputs: { ids: 'input_ids' }, output: 'text_embeds', contextLength: 77, padId: 49407, padding: 'longest', addSpecialTokens: true },
    // The learned scale is clipped to 100 and ends there (Radford et al. 2021, 2.5).
    score: { kind: 'softmax', logitScale: 100, logitBias: 0 },
    promptTemplates: ['a photo of a {}'],
    verified: 'unverified',
    note: 'Names of inputs and outputs are those of this family\'s exports; not yet compared with the files.',
  },
];

/** Finds `id` or `id@variant`; undefined where the catalogue has no such model or variant. */
export function findInCatalog(name: string, models: readonly CatalogModel[] = catalog): { model: CatalogModel; variant: CatalogVariant } | undefined {
  const [id, wanted] = name.split('@', 2);
  const model = models.find(each => each.id === id);
  const variant = model?.variants.find(each => wanted === undefined || each.variant === wanted);
  return model && variant && { model, variant };
}
