"""Writes data.json (inputs with hashes and counts), media/builtin/NOTICE and curves.png from what a run left in .cache/."""
import collections, json, os, pickle, sys
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(HERE, '.cache')
run = sys.argv[1] if len(sys.argv) > 1 else 'main'
manifest = json.load(open(os.path.join(CACHE, 'manifest.json')))
removed = json.load(open(os.path.join(CACHE, 'removed.json')))
records = [json.loads(line) for line in open(os.path.join(CACHE, 'records.jsonl'))]
words = pickle.load(open(os.path.join(CACHE, 'words.pkl'), 'rb'))
used = collections.Counter(records[i]['set'] for i, _ in words['pictures'])
held = {'ph', 'carbon', 'openmoji'}
by_set = dict(removed['by_set'])
package = json.load(open(os.path.join(HERE, 'package.json')))['dependencies']
out = {
    'inputs': {k: v for k, v in manifest['inputs'].items() if k in package},
    'counts': dict(rendered=manifest['counts']['alpha'] + manifest['counts']['rgba'], blank=manifest['counts']['blank'], failed=manifest['counts']['failed'],
        removedAsHeldOut=len(removed['removed']), trained=len(words['pictures']), concepts=len(words['concepts']), captions=len(words['texts'])),
    'sets': {k: dict(title=v['title'], author=v.get('author'), licence=v['licence'], sha256=v.get('sha256'), listed=v['listed'], rendered=v.get('rendered', 0),
        removedAsHeldOut=by_set.get(k, 0), trained=used[k], heldOut=k in held) for k, v in sorted(manifest['sets'].items())},
}
with open(os.path.join(HERE, 'data.json'), 'w') as f:
    sets = ',\n'.join('  ' + json.dumps(k) + ': ' + json.dumps(v, ensure_ascii=False) for k, v in out['sets'].items())
    f.write('{\n "inputs": ' + json.dumps(out['inputs']) + ',\n "counts": ' + json.dumps(out['counts']) + ',\n "sets": {\n' + sets + '\n }\n}\n')
with open(os.path.join(HERE, '..', 'media', 'builtin', 'NOTICE'), 'w') as f:
    f.write('The built-in model was trained on drawings and words from these sources. None of them is contained in the model files.\n'
            'The sets of icons are those of @iconify/json ' + manifest['inputs']['@iconify/json'] + ', and of the packages that are named; the licence is the one each set states there.\n\n'
            'Drawings (set, author, licence, pictures trained on)\n')
    for k, v in out['sets'].items():
        if v['trained']: f.write(f"- {v['title']} ({k}), {v['author'] or 'several authors'}, {v['licence']}, {v['trained']}\n")
    f.write('\nWords\n'
        f"- emojibase-data {package['emojibase-data']}, emoji labels and tags, MIT\n"
        f"- Unicode CLDR annotations (cldr-annotations-full {package['cldr-annotations-full']}), Unicode-3.0, copyright Unicode, Inc.\n"
        "- WordNet 3.0, synonyms and definitions, copyright 2006 Princeton University, WordNet licence (permissive)\n"
        f"- search words of lucide-static {package['lucide-static']} (ISC), @tabler/icons {package['@tabler/icons']} (MIT), @mdi/svg {package['@mdi/svg']} (Apache-2.0),\n"
        f"  ionicons {package['ionicons']} (MIT), @fortawesome/fontawesome-free {package['@fortawesome/fontawesome-free']} (CC-BY-4.0), @primer/octicons {package['@primer/octicons']} (MIT),\n"
        f"  @vscode/codicons {package['@vscode/codicons']} (CC-BY-4.0), @mynaui/icons {package['@mynaui/icons']} (MIT), @gravity-ui/icons {package['@gravity-ui/icons']} (MIT); Chinese ones of @icon-park/svg {package['@icon-park/svg']} (Apache-2.0)\n"
        '- dictionary.psv, phrases.psv and drawings/words.psv, words and phrases in ten languages, written for this project, MIT\n\n'
        'Used for measuring only, never for training: Phosphor (MIT), Carbon (Apache-2.0), OpenMoji (CC-BY-SA-4.0).\n')
rows = [json.loads(line) for line in open(os.path.join(CACHE, run + '.jsonl'))]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), dpi=100)
loss = [r for r in rows if 'loss' in r]
left.plot([r['seen'] / 1e3 for r in loss], [r['loss'] for r in loss], lw=1)
for a, b in zip(loss, loss[1:]):
    if a['size'] != b['size']: left.axvline(b['seen'] / 1e3, color='gray', lw=.6); left.text(b['seen'] / 1e3, max(r['loss'] for r in loss), f" {b['size']} px", va='top', fontsize=8)
left.set_xlabel('thousand pictures seen'); left.set_ylabel('loss')
recall = [r for r in rows if 'phosphor' in r]
for k, name in enumerate(('R@1', 'R@5', 'R@10')): right.plot([r['seen'] / 1e3 for r in recall], [r['phosphor'][k] for r in recall], marker='.', label=name)
right.set_xlabel('thousand pictures seen'); right.set_ylabel('recall on phosphor (held out)'); right.set_ylim(0, 1); right.legend(); right.grid(alpha=.3)
fig.tight_layout(); fig.savefig(os.path.join(HERE, 'curves.png'))
print(out['counts'], len([1 for v in out['sets'].values() if v['trained']]), 'sets')
print(collections.Counter(v['licence'] for v in out['sets'].values() if v['trained']))
per = collections.Counter()
for v in out['sets'].values(): per[v['licence']] += v['trained']
print(per)
