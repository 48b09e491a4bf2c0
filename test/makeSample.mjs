// `node test/makeSample.mjs [folder]`: makes the sample workspace without starting anything; the tasks of .vscode/ use it.
import { resolve } from 'node:path';
import { makeSample } from './sample.mjs';

const folder = resolve(process.argv[2] ?? '.vscode-test/sample');
const { images, made } = await makeSample(folder);
console.log(`${made ? 'Made' : 'Found'} ${images} images in ${folder}`);
