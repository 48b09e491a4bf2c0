/** The models that can be downloaded: what each is good for, what it may be used for, and everything about it but the hashes, which the hub gives. */
import type { Manifest } from './manifest';

export interface CatalogVariant {
  /** Number format of the weights: fp32, fp16 or int8. */
  variant: string;
  /** POSIX paths in the repository; a downloaded model keeps them, so that a graph finds its external data. `vision` and `text` are one path where a graph holds both towers. */
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
  /** Where tokenizer.json lies, if not in `repo`. */
  tokenizerRepo?: { repo: string; commit: string };
  /** The first one is taken where none is named. */
  variants: readonly CatalogVariant[];
  /**
   * 'verified': everything here was found in what the publisher states (export script, configuration, paper) or in programs that run exactly these files, named by their hash; none of the
   * weights were run by us. The note says what is missing. Every model has to pass the conformance check before its first use all the same.
   */
  verified: 'verified' | 'unverified';
  note: string;
  recommended?: 'small' | 'english' | 'multilingual';
}

const mit = (url: string): CatalogLicense => ({ spdx: 'MIT', name: 'MIT License', url, researchOnly: false });

/** open_clip src/open_clip/constants.py OPENAI_DATASET_MEAN and _STD; the same in preprocessor_config.json of openai/clip-vit-base-patch32. */
const clipColours = { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] } as const satisfies Partial<Manifest['image']>;
/** open_clip src/open_clip/constants.py INCEPTION_MEAN and _STD. */
const evenColours = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const satisfies Partial<Manifest['image']>;
/** preprocessor_config.json of the CLIP repositories (shortest edge, resample 3 = bicubic, centre crop) and open_clip's _pcfg (pretrained.py: 'shortest', 'bicubic'). */
const clipImage = { size: 224, resize: 'crop', interpolation: 'bicubic' } as const satisfies Partial<Manifest['image']>;
/** Names of the two-tower exports of transformers.js: its scripts/extra/clip.py (text_embeds, image_embeds; inputs as in optimum's CLIPTextOnnxConfig and ViTOnnxConfig). */
const hubNames = { image: { input: 'pixel_values', output: 'image_embeds' }, text: { inputs: { ids: 'input_ids', mask: 'attention_mask' }, output: 'text_embeds' } } as const;
/** Names of immich's exports: its machine-learning exporter (models/openclip.py, input_names and output_names); one input at a time, int32 ids of fixed length. */
const immichNames = { image: { input: 'image', output: 'embedding' }, text: { inputs: { ids: 'text' }, output: 'embedding' } } as const;
/**
 * The text tower of CLIP: 77 tokens (Radford et al. 2021, 2.4; max_position_embeddings), the BPE tokenizer lower-cases by itself. Its vector is read at the first end token and later ones do not
 * reach it (causal attention), so that what a text is padded with does not matter; 49407 is pad_token <|endoftext|> of tokenizer_config.json.
 */
const clipTokens = { contextLength: 77, padId: 49407, padding: 'longest', addSpecialTokens: true } as const satisfies Partial<Manifest['text']>;
/** The learned scale is clipped to 100, and ends there (Radford et al. 2021, 2.5; open_clip's train.py clamps it to ln 100). */
const clipScore = { kind: 'softmax', logitScale: 100, logitBias: 0 } as const satisfies Manifest['score'];
/** Radford et al. 2021, 3.1.4. */
const clipTemplates = ['a photo of a {}'];
/** A label may be in any language: no English around it. */
const plainTemplates = ['{}'];

/**
 * Sizes are those of the files where a pinned commit is known, else of the repository's file list on the hub, rounded to a megabyte. fp16 files keep float32 inputs and outputs (transformers.js
 * scripts/quantize.py: keep_io_types), int8 ones are quantised dynamically (ibid.): the encoder sees that in the graph and runs them one input at a time. Shares of ImageNet:
 * open_clip docs/openclip_results.csv.
 */
export const catalog: readonly CatalogModel[] = [
  {
    id: 'tinyclip-vit-8m-16',
    name: 'TinyCLIP ViT-8M/16',
    description: 'A CLIP of 24 MB, distilled by Microsoft from a large one and trained on 15 million captioned photographs.',
    bestFor: 'Photographs, where space or time is short',
    languages: 'English',
    license: mit('https://github.com/microsoft/Cream/blob/main/TinyCLIP/LICENSE'),
    // Converted from wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M.
    repo: 'onnx-community/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M-ONNX',
    commit: '9463a9c508a344c837ffefe9d724f3827bf2dc79',
    variants: [
      // sha256 of model_int8.onnx 844d1a46…, 24,683,626 bytes; of model.onnx 31d28cb0…, 94,071,688 bytes; of tokenizer.json 6d9109cc…, 3,642,073 bytes.
      { variant: 'int8', files: { vision: 'onnx/model_int8.onnx', text: 'onnx/model_int8.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 28_325_699 },
      { variant: 'fp32', files: { vision: 'onnx/model.onnx', text: 'onnx/model.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 97_713_761 },
    ],
    preprocessingVersion: 1,
    // config.json (projection_dim 512) and preprocessor_config.json of that commit (sha256 0ca46b86…, 5df7e578…).
    embeddingDim: 512,
    image: { ...hubNames.image, ...clipImage, ...clipColours },
    text: { ...hubNames.text, ...clipTokens },
    score: clipScore,
    promptTemplates: clipTemplates,
    verified: 'verified',
    note: 'Names, sizes and hashes are those of three programs that run these files; configuration and tokenizer were read. The learned logit scale is taken for CLIP\'s bound of 100, as another program does: it moves the probabilities of labels, not their order.',
    recommended: 'small',
  },
  {
    id: 'openclip-vit-b-32-256-datacomp',
    name: 'OpenCLIP ViT-B/32 256 DataComp',
    description: 'The strongest CLIP of this size: 72.8 % of ImageNet without training on it, 63.3 % for the original; trained on 1.4 billion pairs chosen for quality.',
    bestFor: 'Photographs, illustrations and screenshots',
    languages: 'English',
    license: mit('https://huggingface.co/yurijmikhalevich/rclip-models/blob/main/LICENSE'),
    // The repository's history is squashed at each upload (rclip scripts/convert_model.py), a pinned commit would be gone: `main`. Seen at 17b9d07433aad73f70d338d8a1c7a4cef83887e0:
    // visual.onnx sha256 3f7e6f94…, 351,826,068 bytes; textual.onnx ee267cd6…, 254,344,274 bytes.
    repo: 'yurijmikhalevich/rclip-models',
    // The repository holds the vocabulary in another form. sha256 of this one 72ed5c96…, 2,224,081 bytes.
    tokenizerRepo: { repo: 'laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K', commit: '4afec35ffe57a943d569ff7ee888061830164da8' },
    variants: [
      {
        variant: 'fp32',
        files: { vision: 'ViT-B-32-256-datacomp_s34b_b86k/visual.onnx', text: 'ViT-B-32-256-datacomp_s34b_b86k/textual.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 608_394_423,
      },
    ],
    preprocessingVersion: 1,
    // open_clip model_configs/ViT-B-32-256.json: embed_dim 512, image_size 256, context_length 77.
    embeddingDim: 512,
    // rclip scripts/convert_model.py: input_names and output_names, both with a free batch; rclip/utils/preprocess.py: bicubic, centre crop.
    image: { input: 'input', output: 'output', ...clipImage, size: 256, ...clipColours },
    // The export fixes the length at 77; rclip/utils/tokenizer.py pads with 0, as open_clip does.
    text: { inputs: { ids: 'input' }, output: 'output', ...clipTokens, padId: 0, padding: 'max' },
    score: clipScore,
    promptTemplates: clipTemplates,
    verified: 'verified',
    note: 'Export script, preprocessing and tokenizer of the publisher were read; sizes and hashes are those of another program that runs these files.',
    recommended: 'english',
  },
  {
    id: 'siglip2-base-patch16-224',
    name: 'SigLIP 2 base 224',
    description: 'Google\'s multilingual successor of CLIP, trained on pairs of images and texts in more than 100 languages.',
    bestFor: 'Photographs, illustrations and screenshots, in your own language',
    languages: 'English and about 100 others',
    // The card of the export names no licence of its own, that of its base model google/siglip2-base-patch16-224 does.
    license: { spdx: 'Apache-2.0', name: 'Apache License 2.0', url: 'https://huggingface.co/google/siglip2-base-patch16-224', researchOnly: false },
    repo: 'onnx-community/siglip2-base-patch16-224-ONNX',
    commit: 'ba1f3b0843f24bc5417d38e19c37b287d719b2f4',
    variants: [
      // 94,553,333 + 283,438,275 + 34,363,039 bytes; sha256 0dd31785…, 3a0603d3…, cb9140fa….
      { variant: 'int8', files: { vision: 'onnx/vision_model_int8.onnx', text: 'onnx/text_model_int8.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 412_354_647 },
      // 93 and 282 million parameters of 4 and of 2 bytes.
      { variant: 'fp32', files: { vision: 'onnx/vision_model.onnx', text: 'onnx/text_model.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 1_536_000_000 },
      { variant: 'fp16', files: { vision: 'onnx/vision_model_fp16.onnx', text: 'onnx/text_model_fp16.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 786_000_000 },
    ],
    preprocessingVersion: 1,
    // open_clip model_configs/ViT-B-16-SigLIP2.json: embed_dim 768, context_length 64, pool_type 'last'.
    embeddingDim: 768,
    // transformers.js scripts/extra/siglip.py: pooler_output. preprocessor_config.json: 224 x 224 without a crop, resample 2 (bilinear), mean and deviation 0.5.
    image: { input: 'pixel_values', output: 'pooler_output', size: 224, resize: 'squash', interpolation: 'bilinear', ...evenColours },
    // Trained on lower-case texts of 64 tokens, padded with <pad> = 0 and read at the last one (big_vision issues 157 and 187, transformers pull request 43101; open_clip tokenizer.py, SigLipTokenizer 'gemma').
    text: { inputs: { ids: 'input_ids' }, output: 'pooler_output', contextLength: 64, padId: 0, padding: 'max', addSpecialTokens: true, clean: 'lower' },
    // The checkpoint's logit_scale is ln 112.669 = 4.724453449249268, its logit_bias -16.771724700927734: so in two programs that took them from it, independent of each other.
    score: { kind: 'sigmoid', logitScale: 112.669, logitBias: -16.7717 },
    // The card's own example, 'This is a photo of {label}.', is English.
    promptTemplates: plainTemplates,
    verified: 'verified',
    note: 'Names, preprocessing, text rules and score were found as said beside each; sizes and hashes of int8 are those of programs that run these files, the others are computed. The end token comes from tokenizer.json, whose template was not read.',
    recommended: 'multilingual',
  },
  {
    id: 'clip-vit-base-patch32',
    name: 'OpenAI CLIP ViT-B/32',
    description: 'The original CLIP in its smallest size, trained on 400 million pairs of images and English texts.',
    bestFor: 'Photographs, illustrations and screenshots',
    languages: 'English',
    license: mit('https://github.com/openai/CLIP/blob/main/LICENSE'),
    repo: 'Xenova/clip-vit-base-patch32',
    commit: 'd15189d7028b43f1d3e65039190477f6af591c2a',
    variants: [
      // vision_model.onnx sha256 fd6e1402…, 351,685,709 bytes; text_model.onnx 3f6571f5…, 254,058,553; tokenizer.json f7f3b7af…, 2,224,119; quantised 583fd111…, 89,117,001 and 73baab85…, 64,504,507.
      { variant: 'fp32', files: { vision: 'onnx/vision_model.onnx', text: 'onnx/text_model.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 607_968_381 },
      { variant: 'fp16', files: { vision: 'onnx/vision_model_fp16.onnx', text: 'onnx/text_model_fp16.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 305_000_000 },
      { variant: 'int8', files: { vision: 'onnx/vision_model_quantized.onnx', text: 'onnx/text_model_quantized.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 155_845_627 },
    ],
    preprocessingVersion: 1,
    // config.json of openai/clip-vit-base-patch32: projection_dim.
    embeddingDim: 512,
    image: { ...hubNames.image, ...clipImage, ...clipColours },
    text: { ...hubNames.text, ...clipTokens },
    score: clipScore,
    promptTemplates: clipTemplates,
    verified: 'verified',
    note: 'Names by the export script; sizes and hashes of fp32 and int8 are those of programs that run these files, that of fp16 is the hub\'s file list.',
  },
  {
    id: 'clip-vit-large-patch14',
    name: 'OpenAI CLIP ViT-L/14',
    description: 'The original CLIP in its large size: finer distinctions, about eighteen times the work for an image.',
    bestFor: 'Photographs, illustrations and screenshots, with a GPU or patience',
    languages: 'English',
    license: mit('https://github.com/openai/CLIP/blob/main/LICENSE'),
    repo: 'Xenova/clip-vit-large-patch14',
    commit: 'c307790166907339eed5a9a53a249af534102536',
    variants: [
      // vision_model.onnx sha256 ff49f8aa…, 1,216,438,437 bytes; the others by the hub's file list.
      { variant: 'fp32', files: { vision: 'onnx/vision_model.onnx', text: 'onnx/text_model.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 1_714_000_000 },
      { variant: 'fp16', files: { vision: 'onnx/vision_model_fp16.onnx', text: 'onnx/text_model_fp16.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 859_000_000 },
      { variant: 'int8', files: { vision: 'onnx/vision_model_quantized.onnx', text: 'onnx/text_model_quantized.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 434_000_000 },
    ],
    preprocessingVersion: 1,
    // config.json of openai/clip-vit-large-patch14: projection_dim.
    embeddingDim: 768,
    image: { ...hubNames.image, ...clipImage, ...clipColours },
    text: { ...hubNames.text, ...clipTokens },
    score: clipScore,
    promptTemplates: clipTemplates,
    verified: 'verified',
    note: 'Names by the export script and by programs that run these files; sizes but that of the fp32 image tower by the hub\'s file list.',
  },
  {
    id: 'openclip-vit-b-32-laion2b',
    name: 'OpenCLIP ViT-B/32 LAION-2B',
    description: 'The architecture of CLIP ViT-B/32, trained openly on two billion pairs of images and English texts: 66.6 % of ImageNet without training on it.',
    bestFor: 'Photographs, illustrations and screenshots',
    languages: 'English',
    license: mit('https://huggingface.co/laion/CLIP-ViT-B-32-laion2B-s34B-b79K'),
    repo: 'immich-app/ViT-B-32__laion2b-s34b-b79k',
    commit: '19a057a0fb927cf239541300e74237cd56c7ffe2',
    variants: [
      // visual/model.onnx sha256 b9ce24b9…, 351,613,724 bytes; textual/model.onnx 48c25be3…, 254,193,396 bytes; tokenizer.json 3.64 MB by the hub's file list.
      { variant: 'fp32', files: { vision: 'visual/model.onnx', text: 'textual/model.onnx', tokenizer: 'textual/tokenizer.json' }, sizeBytes: 609_450_000 },
    ],
    preprocessingVersion: 1,
    // open_clip model_configs/ViT-B-32.json.
    embeddingDim: 512,
    image: { ...immichNames.image, ...clipImage, ...clipColours },
    text: { ...immichNames.text, ...clipTokens, padding: 'max' },
    score: clipScore,
    promptTemplates: clipTemplates,
    verified: 'verified',
    note: 'Names by the export script; preprocessing by open_clip; sizes and hashes of the graphs are those of another program that runs these files.',
  },
  {
    id: 'openclip-vit-l-14-laion2b',
    name: 'OpenCLIP ViT-L/14 LAION-2B',
    description: 'The architecture of CLIP ViT-L/14, trained openly on two billion pairs of images and English texts: 75.3 % of ImageNet without training on it.',
    bestFor: 'Photographs, illustrations and screenshots, with a GPU or patience',
    languages: 'English',
    license: mit('https://huggingface.co/laion/CLIP-ViT-L-14-laion2B-s32B-b82K'),
    repo: 'immich-app/ViT-L-14__laion2b-s32b-b82k',
    variants: [
      // 304 and 124 million parameters of 4 bytes (Radford et al. 2021, appendix F).
      { variant: 'fp32', files: { vision: 'visual/model.onnx', text: 'textual/model.onnx', tokenizer: 'textual/tokenizer.json' }, sizeBytes: 1_714_000_000 },
    ],
    preprocessingVersion: 1,
    // open_clip model_configs/ViT-L-14.json.
    embeddingDim: 768,
    // open_clip pretrained.py gives this checkpoint, and only this one of its family, the even mean and deviation.
    image: { ...immichNames.image, ...clipImage, ...evenColours },
    text: { ...immichNames.text, ...clipTokens, padding: 'max' },
    score: clipScore,
    promptTemplates: clipTemplates,
    verified: 'unverified',
    note: 'Not seen: the list of files of today\'s commit (an older one kept parts of the graph in files of their own, which would not be downloaded), hence also the sizes. Names and preprocessing are those of the export script and of open_clip.',
  },
  {
    id: 'openclip-xlm-roberta-vit-b-32',
    name: 'OpenCLIP XLM-RoBERTa ViT-B/32',
    description: 'An image tower of the size of ViT-B/32 with a text tower for 100 languages, trained openly on five billion pairs.',
    bestFor: 'Photographs and illustrations, in your own language',
    languages: 'English and about 100 others',
    license: mit('https://huggingface.co/laion/CLIP-ViT-B-32-xlm-roberta-base-laion5B-s13B-b90k'),
    repo: 'immich-app/XLM-Roberta-Base-ViT-B-32__laion5b_s13b_b90k',
    variants: [
      // Image tower 351 MB; 278 million parameters of xlm-roberta-base and a projection, of 4 bytes; tokenizer.json 17 MB.
      { variant: 'fp32', files: { vision: 'visual/model.onnx', text: 'textual/model.onnx', tokenizer: 'textual/tokenizer.json' }, sizeBytes: 1_484_000_000 },
    ],
    preprocessingVersion: 1,
    // open_clip model_configs/xlm-roberta-base-ViT-B-32.json: embed_dim 512, image_size 224, tokenizer xlm-roberta-base; context_length by tokenizer.py (DEFAULT_CONTEXT_LENGTH).
    embeddingDim: 512,
    image: { ...immichNames.image, ...clipImage, ...clipColours },
    // <pad> of xlm-roberta-base is 1; the graph leaves it out of the mean by itself (open_clip hf_model.py).
    text: { ...immichNames.text, contextLength: 77, padId: 1, padding: 'max', addSpecialTokens: true },
    score: clipScore,
    promptTemplates: plainTemplates,
    verified: 'unverified',
    note: 'Not seen: the list of files, hence the sizes; the learned logit scale, taken for its bound of 100. Names, preprocessing and text rules are those of the export script and of open_clip.',
  },
  {
    id: 'nllb-clip-base-siglip',
    name: 'NLLB-CLIP base SigLIP',
    description: 'SigLIP\'s image tower for 384 x 384 pixels with a text tower of 201 languages, among them small ones.',
    bestFor: 'Photographs, in languages that the other models do not know',
    languages: '201 languages',
    // License field of the card of visheratin/nllb-clip-base-siglip, and of facebook/nllb-200-distilled-600M, on which it is built.
    license: { spdx: 'CC-BY-NC-4.0', name: 'Creative Commons Attribution-NonCommercial 4.0', url: 'https://huggingface.co/visheratin/nllb-clip-base-siglip', researchOnly: true },
    repo: 'immich-app/nllb-clip-base-siglip__v1',
    variants: [
      // Image tower 373 MB; 415 million parameters of NLLB's encoder with its embeddings, of 4 bytes; tokenizer.json 17 MB.
      { variant: 'fp32', files: { vision: 'visual/model.onnx', text: 'textual/model.onnx', tokenizer: 'textual/tokenizer.json' }, sizeBytes: 2_050_000_000 },
    ],
    preprocessingVersion: 1,
    // open_clip model_configs/nllb-clip-base-siglip.json: embed_dim 768, image_size 384.
    embeddingDim: 768,
    // open_clip pretrained.py, _slpcfg: squash, bicubic, even mean and deviation. Shapes [1, 3, 384, 384] and int32 [1, 77], and <pad> = 1, are those of another program that runs these files.
    image: { ...immichNames.image, size: 384, resize: 'squash', interpolation: 'bicubic', ...evenColours },
    text: { ...immichNames.text, contextLength: 77, padId: 1, padding: 'max', addSpecialTokens: true },
    score: { kind: 'sigmoid', logitScale: 100, logitBias: -10 },
    promptTemplates: plainTemplates,
    verified: 'unverified',
    note: 'Not seen: the learned scale and bias (10 is the value at the start of training), so that probabilities of labels are not to be trusted; the sizes. Every text is taken for English, as tokenizer.json says: another language is understood less well than the model could.',
  },
];

/** Finds `id` or `id@variant`; undefined where the catalogue has no such model or variant. */
export function findInCatalog(name: string, models: readonly CatalogModel[] = catalog): { model: CatalogModel; variant: CatalogVariant } | undefined {
  const [id, wanted] = name.split('@', 2);
  const model = models.find(each => each.id === id);
  const variant = model?.variants.find(each => wanted === undefined || each.variant === wanted);
  return model && variant && { model, variant };
}
