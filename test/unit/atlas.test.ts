/** What atlas files say: each kind as its tool writes it, and nothing at all of what is bad, hostile or something else. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AtlasError, atlasKindOf, parseAtlas } from '../../src/core/atlas';
import { AtlasReader, mayConcern } from '../../src/core/atlasReader';

const frame = (x: number, y: number, w = 16, h = 16) => ({ frame: { x, y, w, h }, rotated: false, trimmed: false, spriteSourceSize: { x: 0, y: 0, w, h }, sourceSize: { w, h } });

const unity = `fileFormatVersion: 2
guid: 8c1f6a3c0d5c34d0e8f2d1b4a7a6e5d1
TextureImporter:
  internalIDToNameTable:
  - first:
      213: -7031205420103123
    second: hero_0
  serializedVersion: 13
  mipmaps:
    enableMipMap: 0
  spriteMode: 2
  spriteSheet:
    serializedVersion: 2
    sprites:
    - serializedVersion: 2
      name: hero_0
      rect:
        serializedVersion: 2
        x: 0
        y: 16
        width: 16
        height: 16
      alignment: 0
      pivot: {x: 0, y: 0}
      border: {x: 0, y: 0, z: 0, w: 0}
      outline: []
      physicsShape:
      - - {x: 1, y: 2}
        - {x: 3, y: 4}
      weights: []
    - serializedVersion: 2
      name: 'it''s run: 2'
      rect:
        serializedVersion: 2
        x: 16
        y: 0
        width: 16
        height: 16
    outline: []
    nameFileIdTable:
      hero_0: 1
  spritePackingTag: 
`;
const godot = `[gd_resource type="SpriteFrames" load_steps=4 format=3 uid="uid://b3k"]

[ext_resource type="Texture2D" uid="uid://cx1" path="res://sprites/hero.png" id="1_hero"]
[ext_resource type="Texture2D" path="res://sprites/other.png" id="2"]

[sub_resource type="AtlasTexture" id="AtlasTexture_a"]
atlas = ExtResource("1_hero")
region = Rect2(0, 0, 16, 16)

[sub_resource type="AtlasTexture" id="AtlasTexture_b"]
atlas = ExtResource("1_hero")
region = Rect2(16, 0, 16, 16)

[sub_resource type="AtlasTexture" id="AtlasTexture_c"]
atlas = ExtResource("2")
region = Rect2(32, 0, 16, 16)

[resource]
animations = [{
"frames": [{
"duration": 1.0,
"texture": SubResource("AtlasTexture_a")
}, {
"duration": 1.0,
"texture": SubResource("AtlasTexture_b")
}],
"loop": true,
"name": &"walk",
"speed": 5.0
}]
`;
const css = `/* .gone { background-position: -99px 0; } */
@media screen {
  .icon { display: inline-block; width: 16px; height: 16px; background-image: url("../images/icons.png?v=3"); background-size: 64px auto; }
  .icon-home { background-position: 0 0 }
  .icon-cart, .icon-basket { background-position: -16px 0px; }
  .icon-cart:hover { background-position: -16px -16px; }
}
.wide.icon-banner { background-position: -32px 0; width: 32px }
.photo { background: url(photo.jpg) center / cover; width: 300px; height: 200px; }
.part { background: url(part.png) 0 0; width: 30px; height: 20px; }
.inline { background: url(data:image/png;base64,AAAA) -5px -5px; width: 3px; height: 3px; }
.short { background: #fff url('two.png') no-repeat -10px -20px; width: 10px; height: 10px; }
.short2 { background: url('two.png') -20px -20px; width: 10px; height: 10px; }
`;

suite('atlas', () => {
  const parse = (path: string, text: string) => parseAtlas(atlasKindOf(path)!, text, path);

  test('TexturePacker: hash and array, rotated and trimmed frames, several sheets, Windows paths', () => {
    const meta = { app: 'https://www.codeandweb.com/texturepacker', image: 'out\\hero.png', size: { w: 64, h: 32 }, scale: '1' };
    const [hash] = parse('a.json', JSON.stringify({ frames: { 'run_01.png': frame(0, 0), 'ui/run_02': { ...frame(16, 0, 10, 20), rotated: true, trimmed: true } }, meta }));
    assert.deepEqual(hash, { image: 'out/hero.png', atlas: { sheetWidth: 64, frames: [{ x: 0, y: 0, width: 16, height: 16, name: 'run_01' }, { x: 16, y: 0, width: 20, height: 10, name: 'ui/run_02', rotated: true }] } });
    const [array] = parse('a.json', JSON.stringify({ frames: [{ filename: 'hero 0.aseprite', ...frame(0, 0) }], meta: {} }));
    assert.deepEqual(array, { image: undefined, atlas: { frames: [{ x: 0, y: 0, width: 16, height: 16, name: 'hero 0' }] } });
    assert.deepEqual(parse('a.json', JSON.stringify({ textures: [{ image: 'a-0.png', frames: [{ filename: 'x', ...frame(0, 0) }] }, { image: 'a-1.png', frames: [{ filename: 'y', ...frame(0, 0) }] }] })).map(each => each.image), ['a-0.png', 'a-1.png']);
  });

  test('Unity: rectangles from the lower edge, names with quotes', () => {
    assert.deepEqual(parse('hero.png.meta', unity), [{ image: undefined, atlas: { fromBottom: true, frames: [{ x: 0, y: 16, width: 16, height: 16, name: 'hero_0' }, { x: 16, y: 0, width: 16, height: 16, name: "it's run: 2" }] } }]);
    assert.deepEqual(parse('hero.png.meta', unity.replaceAll('\n', '\r\n')), parse('hero.png.meta', unity));
    assert.deepEqual(parse('hero.png.meta', unity.replace(/sprites:\n(?: {4}- [^]*)? {4}outline/, 'sprites: []\n    outline')), [], 'a texture that is not cut');
  });

  test('Godot: the regions of SpriteFrames by their animation, and of a resource by its file', () => {
    assert.deepEqual(parse('hero.tres', godot), [
      { image: '/sprites/hero.png', atlas: { frames: [{ x: 0, y: 0, width: 16, height: 16, name: 'walk_0' }, { x: 16, y: 0, width: 16, height: 16, name: 'walk_1' }] } },
      { image: '/sprites/other.png', atlas: { frames: [{ x: 32, y: 0, width: 16, height: 16, name: '' }] } },
    ]);
    assert.deepEqual(parse('ui/cart icon.tres', '[gd_resource type="AtlasTexture" load_steps=2 format=3]\n\n[ext_resource type="Texture2D" path="res://ui/ui.png" id="1"]\n\n[resource]\natlas = ExtResource("1")\nregion = Rect2(8, 4.5, 16, 16)\n'),
      [{ image: '/ui/ui.png', atlas: { frames: [{ x: 8, y: 4.5, width: 16, height: 16, name: 'cart icon' }] } }]);
  });

  test('CSS: rules that build on one with the image, hover states, shorthands; not a picture shown in part', () => {
    assert.deepEqual(parse('css/a.css', css), [
      { image: '../images/icons.png', atlas: { sheetWidth: 64, frames: [
        { x: 0, y: 0, width: 16, height: 16, name: 'icon-home' }, { x: 16, y: 0, width: 16, height: 16, name: 'icon-cart' },
        { x: 16, y: 16, width: 16, height: 16, name: 'icon-cart-hover' }, { x: 32, y: 0, width: 32, height: 16, name: 'icon-banner' },
      ] } },
      { image: 'two.png', atlas: { frames: [{ x: 10, y: 20, width: 10, height: 10, name: 'short' }, { x: 20, y: 20, width: 10, height: 10, name: 'short2' }] } },
    ]);
  });

  test('what is no atlas says nothing; what is broken is refused; what is hostile comes to an end', () => {
    for (const [path, text] of [['package.json', '{"name":"x","frames":3}'], ['a.json', '[]'], ['a.json', '{"frames":{},"x":"frame"}'], ['a.png.meta', 'fileFormatVersion: 2\n'], ['a.tres', '[gd_resource type="Theme"]'], ['a.css', 'body { color: red; }'], ['a.css', '']] as const) {
      assert.deepEqual(parse(path, text), [], text);
    }
    for (const [path, text] of [
      ['a.json', '{"frames":{"frame"'], ['a.json', '{"frames":{"a":{"frame":{"x":"0"}}}}'], ['a.json', '{"frames":[{"frame":null},1]}'], ['a.png.meta', unity.replace('x: 16', 'x: {a: 1}')], ['a.png.meta', unity.replace('        x: 16\n', '')],
      ['a.tres', godot.replace('Rect2(16, 0, 16, 16)', 'Rect2(a, 0, 16)')],
    ] as const) { assert.throws(() => parse(path, text), AtlasError, text.slice(0, 40)); }
    for (const text of ['/*'.repeat(260_000), 'a{'.repeat(260_000), `a{background:url(${'('.repeat(500_000)}`, `.a{background:url(x.png)}${'.a{background-position:0 0;width:1px}'.repeat(14_000)}`, `.a{background:url(x.png) ${'1px '.repeat(120_000)}}`, 'background:url('.repeat(34_000)]) { parse('a.css', text); }
    parse('a.tres', `[gd_resource type="SpriteFrames"]\n${'[sub_resource id="'.repeat(50_000)}`);
    parse('a.png.meta', `  spriteSheet:\n    sprites:\n${'    - name: x\n      rect:\n        x: 1\n        y: 1\n        width: 1\n        height: 1\n'.repeat(15_000)}`);
  });

  suite('found for an image', () => {
    let folder: string;
    let warnings: string[];
    let reader: AtlasReader;
    setup(() => {
      folder = mkdtempSync(join(tmpdir(), 'atlas-'));
      warnings = [];
      reader = new AtlasReader(new Map([['r', folder]]), message => warnings.push(message));
    });
    teardown(() => rmSync(folder, { recursive: true, force: true }));
    const put = (path: string, text: string): void => { mkdirSync(dirname(join(folder, path)), { recursive: true }); writeFileSync(join(folder, path), text); };
    const json = (image?: string, name = 'a') => JSON.stringify({ frames: { [name]: frame(0, 0) }, meta: image === undefined ? {} : { image } });
    const find = (path: string, plainMeta?: string) => {
      const image: Parameters<AtlasReader['find']>[0] = { root: 'r', path };
      reader.begin();
      reader.find(image, plainMeta);
      return image;
    };
    const names = (path: string) => find(path).atlas?.atlas.frames.map(each => each.name);

    test('beside it by its name or naming it; style sheets above it and in a folder for them', () => {
      put('game/hero.json', json(undefined, 'by name')); put('game/pack.json', json('tiles.png', 'named')); put('game/other.json', json(undefined, 'of nothing'));
      put('game/hero.png.meta.txt', unity);
      assert.deepEqual([names('game/hero.png'), names('game/tiles.png'), names('game/none.png'), names('hero.png'), names('game/hero.svg')], [['by name'], ['named'], undefined, undefined, undefined]);
      put('game/hero.png.meta', unity);
      assert.deepEqual(names('game/hero.png'), ['hero_0', "it's run: 2"], 'what the engine itself reads comes first');
      put('web/css/a.css', css);
      assert.equal(names('web/images/icons.png')?.length, 4);
      assert.equal(names('web/css/two.png')?.length, 2);
      put('site.css', css.replace('../images/', 'web2/'));
      assert.equal(names('web2/icons.png')?.length, 4);
      put('project/sprites/hero.tres', godot); put('project/sprites/one.tres', godot.replace('"walk"', '"jump"').replace('Rect2(0,', 'Rect2(48,'));
      assert.deepEqual(names('project/sprites/hero.png'), ['walk_0', 'walk_1', 'jump_0', 'jump_1']);
      assert.deepEqual(warnings, []);
    });

    test('a digest of what is said: other words about it change nothing, another rectangle does', () => {
      const digest = (): string | undefined => find('a.png').atlas?.digest;
      assert.equal(digest(), undefined);
      put('a.json', json());
      const first = digest();
      assert.match(first!, /^[0-9a-f]{16}$/);
      put('a.json', `${json()}   `);
      assert.equal(digest(), first);
      put('a.json', json(undefined, 'renamed'));
      assert.notEqual(digest(), first);
      put('a.json', '{"frames": {"frame":');
      assert.equal(digest(), undefined);
      digest();
      assert.equal(warnings.length, 1, 'told once');
    });

    test('a Unity file that cuts nothing is read once, and again when it changes', () => {
      put('a.png.meta', unity.replaceAll('sprites:', 'sprite:'));
      put('a.json', json(undefined, 'from the other file'));
      const { plainMeta, atlas } = find('a.png');
      assert.ok(plainMeta && atlas);
      reader = new AtlasReader(new Map([['r', folder]]), message => warnings.push(message));
      rmSync(join(folder, 'a.json'));
      assert.deepEqual(find('a.png', plainMeta), { root: 'r', path: 'a.png', plainMeta });
      put('a.png.meta', unity);
      assert.deepEqual([find('a.png', plainMeta).atlas?.atlas.frames.length, find('a.png', plainMeta).plainMeta], [2, undefined]);
    });

    test('which images an atlas file may speak of is told by its path', () => {
      const concerned = (atlas: string) => ['a.png', 'web/a.png', 'web/images/a.png', 'web/images/deep/a.png', 'game/a.png'].filter(image => mayConcern(atlas, image));
      assert.deepEqual(concerned('web/a.png.meta'), ['web/a.png']);
      assert.deepEqual(concerned('web/x.json'), ['web/a.png']);
      assert.deepEqual(concerned('web/x.css'), ['web/a.png', 'web/images/a.png']);
      assert.deepEqual(concerned('web/css/x.css'), ['web/images/a.png']);
      assert.deepEqual(concerned('x.css'), ['a.png', 'web/a.png', 'game/a.png']);
      assert.deepEqual(concerned('css/x.css'), ['web/a.png', 'game/a.png']);
      assert.deepEqual(concerned('web/x.png'), []);
    });
  });
});
