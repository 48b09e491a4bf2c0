// The files of the sample workspace that are not good pictures: its texts, and images that cannot be read.
import { deflateSync, crc32 } from 'node:zlib';

export const basicFiles = {
  'README.md': `# Sample shop

A made-up project to try Asset Search on. Open the picture icon in the activity bar and type what you are looking for:

- \`shopping cart\` finds the cart in \`src/assets/icons\`, and the emoji whose file is named \`1f6d2.svg\`
- \`sunset over the sea\`, \`snow\`, \`rocket\`, \`angry face\`, \`flag with a cross\`
- right-click an image in the Explorer and choose **Find Similar Images**

![Sea](docs/images/sea-sunset.jpg)

\`broken/\` holds files that cannot be read; they are listed as skipped with a reason. \`build/\` is ignored by \`.gitignore\`.
`,
  'index.html': `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sample shop</title>
<link rel="stylesheet" href="styles.css">
<header>
  <img src="website/static/brand/logo-01.svg" alt="Acme Rockets" width="120">
  <a href="#cart"><img src="src/assets/icons/shopping-cart.svg" alt="Cart"></a>
</header>
<main><img src="docs/images/hills-morning.webp" alt="Hills in the morning"></main>
<footer><img src="public/flags/germany.svg" alt="Germany" width="24"> <img src="src/assets/icons/mail.svg" alt="Mail"></footer>
</html>
`,
  'styles.css': `body { font-family: system-ui, sans-serif; margin: 0; }
header { display: flex; justify-content: space-between; padding: 1rem; background: url("docs/images/sea-sunset.jpg") center / cover; }
.button-delete { background-image: url("src/assets/icons/trash-2.svg"); }
.rating { background-image: url("packages/app/src/images/star.png"); }
`,
  'src/main.ts': `import cart from './assets/icons/shopping-cart.svg';

export const icons = { cart };
`,
  '.gitignore': 'build/\n',
};

/** One file for each reason for which an image is skipped. */
export async function drawBroken(sharp, put) {
  const whole = await sharp({ create: { width: 200, height: 150, channels: 3, background: '#3b82f6' } }).png({ compressionLevel: 0 }).toBuffer();
  await put('broken/truncated.png', whole.subarray(0, 9000));
  await put('broken/text-not-an-image.jpg', 'This is a text file whose name says JPEG.\n');
  await put('broken/empty.png', '');
  await put('broken/billion-laughs.svg', `<?xml version="1.0"?>
<!DOCTYPE svg [
  <!ENTITY a "aaaaaaaaaa">
${[...'bcdefghij'].map((name, index) => `  <!ENTITY ${name} "${`&${'abcdefghi'[index]};`.repeat(10)}">`).join('\n')}
]>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><text y="50">&j;</text></svg>
`);
  await put('broken/decompression-bomb.png', pngHeader(60_000, 60_000));
}

/** A small PNG file that says it is very large. */
function pngHeader(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);   // one bit a pixel, grey
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(70_000))), chunk('IEND', Buffer.alloc(0))]);
}
