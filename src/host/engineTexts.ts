/** What the engine says, in the user's language: it speaks English and knows no VS Code, so its sentences are found again here, with what stands in them. Pure, without VS Code. */

/**
 * Every sentence of src/core that a person may read, in the language of `t`; a test compares them with the sources. `{0}` stands for what is put in.
 * What is wrong with a model or a device stays English: it is for those who exported or chose one.
 */
export const engineTexts = (t: (english: string) => string): string[] => [
  // Why a file is skipped, and what can be done about it.
  t('The file is empty.'), t('Restore its contents, or delete it.'),
  t('It is not a file.'), t('Only files are indexed.'),
  t('The file no longer exists.'), t('The file changed while it was read.'), t('Nothing to do: the index follows at its next update.'),
  t('The file may not be read.'), t('Grant read permission on it.'),
  t('The file cannot be read: {0}.'), t('Check the disk or the network it is on.'),
  t('Its name is not valid UTF-8, so it cannot be opened.'), t('Rename it.'),
  t('It is a link to something that is not there.'), t('Repair the link or delete it.'),
  t('The file has {0}, more than the limit of {1}.'), t('The file has {0} MB; the limit is {1} MB.'), t('Restore its content or delete it.'), t('Raise the limit ("assetSearch.maxFileSizeMB" or --max-file-size), or shrink the image.'),
  t('The image has {0} x {1} pixels, more than the limit of {2} megapixels.'), t('Raise the limit ("assetSearch.maxMegapixels" or --max-megapixels), or shrink the image.'),
  t('Decoding took longer than {0} seconds.'), t('Simplify the image, or export it as PNG.'),
  t('The image crashes the decoder ({0}).'), t('Open it in an image editor and save it again.'),
  t('The image could not be processed: {0}.'), t('Please report this with the image.'),
  t('Nothing of the image is visible: all of it is transparent.'), t('Give it something to draw, or delete it.'),
  t('The SVG draws nothing, or has no size.'), t('Give it a width, a height and a viewBox, and something to draw.'),
  t('The SVG has no <svg> element.'), t('The packed file is damaged or incomplete.'), t('Export the drawing again.'),
  t('The SVG holds {0} MB of text; at most {1} MB are rendered.'), t('The file unpacks to more than {0} MB; at most that much SVG is rendered.'),
  t('The SVG declares external or parameter entities.'), t('The SVG declares entities made of entities.'), t('The SVG becomes too large when its entities are expanded.'),
  t('The SVG repeats its parts more than {0} times.'), t('Simplify the drawing, or export it as PNG.'),
  t('The file is damaged or incomplete ({0}).'), t('Open it in an image editor and save it again, or restore it.'),
  t('it ends too early'), t('it has no height'), t('it has no width or height'), t('it has no valid width and height'), t('its header has an unknown size'), t('it has {0} bits a pixel'),
  t('an icon\'s bitmap is stored in a way that icons do not allow'), t('none of its images can be read'), t('an element of it has no length'), t('it holds nothing'),
  t('its codestream has no size'), t('its size contradicts itself'), t('its codestream has no valid header'), t('a box of it has no length'), t('its codestream cannot be decoded'),
  t('its pixels are incomplete'), t('its header contradicts itself'), t('its palette is incomplete'), t('a row of it is incomplete'), t('a colour is not in its palette'),
  t('The file holds no image in a known format.'), t('{0} Convert it to one of them to have it indexed.'), t('Supported are {0}.'), t('{0} images cannot be read.'),
  t('The file is {0}, which cannot be decoded here.'),
  t('a gzip archive'), t('Unpack it to have the image in it indexed.'), t('a Git LFS pointer'), t('Run "git lfs pull" to fetch the image itself.'),
  t('a video or another media file'), t('Only still images are indexed.'),
  t('a BMP that wraps a JPEG or PNG for a printer'), t('a BMP with compression {0} at {1} bits'), t('Save it again as a plain 24- or 32-bit BMP, or as PNG.'),
  t('a macOS icon from before 2007, with neither PNG nor JPEG 2000 in it'), t('Open it in Preview and export the largest image as PNG.'),
  t('a JPEG 2000 image of an unusual kind'), t('a JPEG 2000 image that holds only its full resolution'), t('Convert it to PNG with the tool of OpenJPEG: "opj_decompress -i image.jp2 -o image.png".'),
  t('a Photoshop file in Lab or multichannel mode'), t('Choose Image > Mode > RGB Color and save it again.'),
  t('a Photoshop file that was saved without its composite image'), t('Save it in Photoshop with "Maximize Compatibility" switched on.'),
  t('a Photoshop file with a zipped composite image'), t('Save it again in Photoshop, or export it as PNG.'),
  t('Camera raw'), t('Windows metafile'), t('PDF or Illustrator'),
  t('Convert it to PNG, for example with ImageMagick: "magick image.{0} image.png".'),
  t('Convert it to PNG: on macOS "sips -s format png image.heic --out image.png", elsewhere with ImageMagick "magick image.heic image.png".'),
  t('Convert it to PNG with the tool of libjxl: "djxl image.jxl image.png".'),
  t('Export it as JPEG from a raw developer such as darktable, or keep the camera\'s JPEG beside it.'),
  t('Keep the PNG it was made from beside it, or unpack it with the KTX tools: "ktx extract image.ktx2 image.png".'),
  t('Export it from GIMP as PNG.'), t('Export it as SVG, for example with Inkscape: "inkscape drawing.{0} --export-filename=drawing.svg".'),

  // Why a picture cannot be searched by.
  t('The picture'), t('There is no file {0}. The index follows at its next update.'), t('There is no file {0}. Check its name and folder.'),
  t('{0} shows nothing: {1} Give another picture.'), t('{0} is too large: {1}'), t('{0} cannot be read: {1}'),
  t('"{0}" has no cell {1} any more. Search again.'), t('The folder "{0}" is not open.'), t('The model knows none of these words. Try other words.'),

  // Labels.
  t('Give at least one label.'), t('Give at least two labels: this model says which of several words fits best, and a single one always would.'), t('Nothing is indexed yet. Index the images first.'),
  t('{0} cannot be used: {1} Correct it, or restore it from version control; the labels kept so far stay as they are.'),
  t('it holds an unresolved merge conflict.'), t('it is not valid JSON ({0}).'), t('"version" or "images" is missing.'), t('"{0}" is not a path below the folder, with forward slashes.'),
  t('the entry of "{0}" needs "hand" and "not" (lists of words) or "model" (probabilities by model).'), t('"parts" of "{0}" is not an object.'), t('"{0}" is not the number of a part of "{1}".'),
  t('{0} was written by a newer version of Asset Search. Update the extension to use it.'), t('{0} cannot be read ({1}). The labels kept so far stay as they are.'),

  // Index, built-in model and platform.
  t('Built-in icon model'), t('Understands icons, emoji, logos and flat drawings; trained from scratch on permissively licensed drawings. Weak on photographs.'),
  t('No index is open. Open a folder first.'),
  t('The index does not fit the model. Rebuild it, with "Rebuild Index" or on the command line with "index <folder> --rebuild".'),
  t('The index is damaged and cannot be read. Rebuild it, with "Rebuild Index" or on the command line with "index <folder> --rebuild".'),
  t('The disk is full. Free some space and index again; nothing that was indexed is lost.'), t('There is no space left for thumbnails in {0}. Free some space, then index again.'),
  t('A file of the index may not be read or written. Grant permission on the index folder and all in it, or give another folder with "assetSearch.storageFolder" or, on the command line, with --db.'),
  t('The system allows this process no more open files or memory. Close other programs or raise the limit, and try again.'),
  t('The thumbnail {0} cannot be written: {1}.'),
  t('Process {0} on {1} is writing this index. Wait until it ends, or pause it, and remove the table then.'), t('There is no table "{0}" in this index.'), t('"{0}" is in use. Choose another model before you remove it.'),
  t('Process {0} on {1} took over the index. What was done is kept; index again when it ends.'),
  t('The index folder "{0}" was deleted or emptied while it was being written; what was in it is gone. Index again.'),
  t('The index folder "{0}" cannot be made: {1}'),
  t('"{0}" is a folder, but a file of the index belongs in its place. Move it away or delete it, and index again.'),
  t('"{0}" holds other files than an index, so none is made there. {1}'), t('The index cannot lie in "{0}": the images to index are in there. {1}'),
  t('Choose a folder of its own for it, with "assetSearch.storageFolder" or, on the command line, with --db; one that does not exist is made.'),
  t('"{0}" is not a folder, or lies below a file. Give another folder for the index, with "assetSearch.storageFolder" or, on the command line, with --db.'),
  t('The index in "{0}" cannot be written: its disk is read-only. It can be searched; to index, give another folder with "assetSearch.storageFolder" or, on the command line, with --db.'),
  t('The index in "{0}" cannot be written: permission is missing. Grant it, or give another folder with "assetSearch.storageFolder" or, on the command line, with --db.'),
  t('There are no native libraries for {0} on {1}, so pictures cannot be read here. File names are searched instead. They exist for Linux and Windows (x64, arm64) and for macOS on Apple silicon.'),
  t('This processor lacks instructions that the search engine needs ({0}), so pictures cannot be read here. File names are searched instead.'),
  t('In a virtual machine, let it pass on the host\'s processor type.'),
  t('A native library of the search engine cannot be loaded, so pictures cannot be read. File names are searched instead. {0} ({1})'),
  t('The system\'s C library does not fit: it takes glibc 2.28 or newer.'), t('Install the extension again, in the version for this platform.'),

  // Getting a model: src/models.
  t('{0} has no file {1} in {2} at {3}. If you use a mirror, it may not hold this model: use another one.'),
  t('{0} has no file {1} in {2}. If you use a mirror, it may not hold this model: use another one.'),
  t('{0} has no model {1}, or not this version of it. If you use a mirror, it may not hold this model: use another one.'),
  t('{0} needs {1}, but {2} are free in {3}. Free some space, or name another folder.'), t('The file "{0}" of {1} lies outside its folder. Choose another model.'),
  t('{0} may be used for research only ({1}, {2}). Download it after you have agreed to that.'),
  t('A model that was imported bears the name {0} ({1}). Remove it first: {2}'), t('Another process took over the download of {0}. Wait until it is done.'),
  t('{0} came from {1} with another hash than the hub lists: it was changed on its way, or the mirror is wrong. It was deleted. Try again, or use another network or mirror.'),
  t('{0} sends another part of {1} than it was asked for. Try again; if you use a mirror, use another one.'),
  t('What {0} sends for {1} {2}. Open {3} in a browser, then try again; if you use a mirror, use another one.'),
  t('is a web page, not a model: the network may ask for a sign-in, or a proxy blocks the download'), t('is longer than the {0} bytes that the hub lists'),
  t('{0} ended after {1} of {2} bytes. Try again: it goes on from there. A proxy may limit the size of downloads.'),
  t('{0} offers another {1} than it lists for commit {2} of {3}. Try again later; if you use a mirror, use another one.'),
  t('{0} redirects to something that is no address. {1}'), t('{0} redirects from {1} to {2}, which is not followed: it would not be safe. {3}'),
  t('{0} redirects in a circle. {1}'), t('{0} refused the download ({1}). Try again later.'),
  t('{0} does not let your token download {1}. Open {2}, accept its terms with the account of the token, and see at {3} that the token may read it.'),
  t('{0} is given only to people who accepted its terms. Sign in at {1} and accept them, create an access token at {2}, and set the token (HF_TOKEN on the command line).'),
  t('{0} does not accept your token, or it may not read {1}. Create a new one at {2} and set it (HF_TOKEN on the command line).'),
  t('{0} gives {1} to nobody without a token: it is private, or there is no such model. If you have access, create a token at {2} and set it (HF_TOKEN on the command line).'),
  t('{0} refuses to give {1} ({2}). Open {3} to see who may have it.'), t('{0} is asked too often from your network (429). Try again {1}.'), t('later'),
  t('later, or set an access token'), t('in {0} min'), t('in {0} min, or set an access token'),
  t('{0} is out of order ({1}). Try again later; what was downloaded is kept.'), t('{0} answered with {1}, which was not expected. {2}'),
  t('{0} does not answer as a Hugging Face hub does: {1}. {2}'), t('it names no commit'), t('its list of files is none'), t('its list of files has no end'),
  t('its answer is too long'), t('its answer is not JSON'), t('its list of files gives no sizes and hashes'),
  t('Check the address of the mirror (HF_ENDPOINT) if you use one; otherwise try again later.'),
  t('In VS Code set http.proxy; on the command line set HTTPS_PROXY and NODE_USE_ENV_PROXY=1 (Node.js 24).'),
  t('The address of the hub must be an http or https URL without a password, such as https://huggingface.co.'),
  t('{0} answered with a web page instead of the model: the network may ask for a sign-in, or a proxy blocks the download. Open {1} in a browser, then try again.'),
  t('The proxy refused the way to {0}. Check its address, user and password. {1}'),
  t('Nothing came from {0} for {1} s. Check the network and try again; what was downloaded is kept.'),
  t('The secure connection to {0} failed ({1}): its certificate is not trusted here, or something in between replaces it. In a company network, let VS Code use the system\'s certificates (http.systemCertificates) or give the company\'s certificate to Node.js (NODE_EXTRA_CA_CERTS).'),
  t('The name {0} could not be found. Check the network. {1}'), t('The name {0} could not be found. Check the network and the address of the mirror. {1}'),
  t('{0} cannot be reached ({1}). Check the network. {2}'), t('{0} cannot be asked ({1}). Check its address, and the proxy if there is one. {2}'),
  t('The connection to {0} broke ({1}). Try again; what was downloaded is kept.'),
  t('There is no model "{0}" in {1}. "asset-search models list" shows what is there.'),
  t('Process {0} on {1} is downloading {2} ({3}). Stop it, or wait until it is done.'),
  t('The disk of {0} is full. Free some space, then try again: what was downloaded is kept.'),
  t('The models\' folder {0} cannot be written ({1}). Make it writable, close what uses it, or name another folder.'),
  t('"{0}" cannot be the name of a model: at most {1} letters, digits, ".", "_" and "-", a letter or digit first.'),
  t('"{0}" cannot be the name of a model: Windows keeps it for a device. Choose another name.'),
  t('The model "{0}" is not used, because it failed the check "{1}": {2} Choose another model, or download or export it again.'),
];

interface Template { pattern: RegExp; numbers: number[]; translation: string }

/** A translator of whole messages; what it does not know stays as it is. */
export function createEngineTranslate(t: (english: string) => string): (message: string) => string {
  const translations = engineTexts(t);
  const templates = engineTexts(english => english)
    .map((english, index) => ({ english, translation: translations[index]! }))
    // The more words a template has, the surer it is meant.
    .sort((a, b) => b.english.length - a.english.length)
    .map(({ english, translation }): Template => ({
      pattern: new RegExp(`^${english.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\d\}/g, '(.+?)')}$`, 's'),
      numbers: [...english.matchAll(/\{(\d)\}/g)].map(match => Number(match[1])), translation,
    }));

  const known = (text: string): string | undefined => {
    for (const { pattern, numbers, translation } of templates) {
      const values = pattern.exec(text)?.slice(1);
      if (values) { return translation.replace(/\{(\d)\}/g, (_, number) => translate(values[numbers.indexOf(Number(number))]!)); }
    }
    return undefined;
  };
  /** A reason within a sentence begins in lower case, and a remedy may follow it. */
  const translate = (text: string): string => known(text) ?? inSentence(text) ?? inParts(text) ?? text;
  const inSentence = (text: string): string | undefined => {
    const found = known(text.charAt(0).toUpperCase() + text.slice(1));
    return found && found[0]!.toLowerCase() + found.slice(1);
  };
  const inParts = (text: string): string | undefined => {
    for (const { index } of text.matchAll(/(?<=[.)]) /g)) {
      const [first, rest] = [text.slice(0, index), text.slice(index + 1)];
      const [head, tail] = [known(first) ?? inSentence(first), known(rest)];
      if (head && tail) { return `${head} ${tail}`; }
    }
    return undefined;
  };
  return translate;
}
