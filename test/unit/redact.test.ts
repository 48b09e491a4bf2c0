import assert from 'node:assert/strict';
import { redact, type Surroundings } from '../../src/host/redact';

suite('redact', () => {
  const linux: Surroundings = {
    roots: [{ id: 'shop', path: '/home/jane.doe/code/shop' }, { id: 'shop2', path: '/home/jane.doe/code/shop-two' }],
    folders: [{ path: '/home/jane.doe', name: '~' }, { path: '/tmp', name: '<temporary>' }], userName: 'jane.doe', hostName: 'janes-laptop',
  };
  const windows: Surroundings = { roots: [{ id: 'shop', path: 'C:\\Users\\Jane Doe\\shop' }], folders: [{ path: 'C:\\Users\\Jane Doe', name: '~' }], userName: 'Jane Doe', hostName: 'DESKTOP-42' };

  for (const [text, expected] of [
    ['/home/jane.doe/code/shop/img/a.png', '<folder 1>/img/a.png'],
    ['/home/jane.doe/code/shop-two/a.png, /home/jane.doe/code/shop', '<folder 2>/a.png, <folder 1>'],
    ['index in /home/jane.doe/.config/Code', 'index in ~/.config/Code'],
    ['file:///home/jane.doe/code/shop/a%20b.png', 'file://<folder 1>/a%20b.png'],
    ['owned by /home/john/x and Jane.Doe on JANES-LAPTOP', 'owned by /home/<user>/x and <user> on <machine>'],
    ['Process 7 on janes-laptop is writing', 'Process 7 on <machine> is writing'],
    ['/home/jane.doering stays apart', '/home/<user> stays apart'],
    ['3 images/s', '3 images/s'],
  ] as const) { test(text, () => assert.equal(redact(text, linux), expected)); }

  for (const [text, expected] of [
    ['C:\\Users\\Jane Doe\\shop\\a.png', '<folder 1>\\a.png'],
    ['c:/users/jane doe/shop/a.png', '<folder 1>/a.png'],
    [JSON.stringify({ path: 'C:\\Users\\Jane Doe\\x' }), '{"path":"~\\\\x"}'],
    ['file:///C:/Users/Jane%20Doe/shop', 'file:///<folder 1>'],
  ] as const) { test(text, () => assert.equal(redact(text, windows), expected)); }

  test('short and common names are no words to replace', () => {
    assert.equal(redact('root al node', { roots: [], folders: [{ path: '/', name: '~' }], userName: 'root', hostName: 'al' }), 'root al node');
  });
});
