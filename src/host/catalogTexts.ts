/** The catalogue's words in the user's language; a test compares them with the catalogue. */
import * as vscode from 'vscode';

const texts = (t: (english: string) => string): string[] => [
  t('English'), t('English and about 100 others'), t('201 languages'),
  t('Photographs, where space or time is short'), t('Photographs, illustrations and screenshots'), t('Photographs, illustrations and screenshots, in your own language'),
  t('Photographs, illustrations and screenshots, with a GPU or patience'), t('Photographs and illustrations, in your own language'), t('Photographs, in languages that the other models do not know'),
  t('A CLIP of 24 MB, distilled by Microsoft from a large one and trained on 15 million captioned photographs.'),
  t('The strongest CLIP of this size: 72.8 % of ImageNet without training on it, 63.3 % for the original; trained on 1.4 billion pairs chosen for quality.'),
  t('Google\'s multilingual successor of CLIP, trained on pairs of images and texts in more than 100 languages.'),
  t('The original CLIP in its smallest size, trained on 400 million pairs of images and English texts.'),
  t('The original CLIP in its large size: finer distinctions, about eighteen times the work for an image.'),
  t('The architecture of CLIP ViT-B/32, trained openly on two billion pairs of images and English texts: 66.6 % of ImageNet without training on it.'),
  t('The architecture of CLIP ViT-L/14, trained openly on two billion pairs of images and English texts: 75.3 % of ImageNet without training on it.'),
  t('An image tower of the size of ViT-B/32 with a text tower for 100 languages, trained openly on five billion pairs.'),
  t('SigLIP\'s image tower for 384 x 384 pixels with a text tower of 201 languages, among them small ones.'),
  t('Not seen: the list of files of today\'s commit (an older one kept parts of the graph in files of their own, which would not be downloaded), hence also the sizes. Names and preprocessing are those of the export script and of open_clip.'),
  t('Not seen: the list of files, hence the sizes; the learned logit scale, taken for its bound of 100. Names, preprocessing and text rules are those of the export script and of open_clip.'),
  t('Not seen: the learned scale and bias (10 is the value at the start of training), so that probabilities of labels are not to be trusted; the sizes. Every text is taken for English, as tokenizer.json says: another language is understood less well than the model could.'),
];

/** A text of the catalogue; what is not from there stays as it is. */
export function translateCatalog(english: string): string {
  const index = texts(text => text).indexOf(english);
  return index < 0 ? english : texts(vscode.l10n.t)[index]!;
}
