"""Recall of a trained run on the held-out sets, in training's own framework: phosphor, carbon, openmoji by label in eleven languages."""
import json, os, sys
import torch
import words
from model import ImageTower, TextTower
from train import CACHE, Data, held_out_sets

torch.set_num_threads(2)
run = sys.argv[1] if len(sys.argv) > 1 else 'main'
size = int(sys.argv[2]) if len(sys.argv) > 2 else 64
state = torch.load(os.path.join(CACHE, run + '.pt'))
image, text = ImageTower().to(memory_format=torch.channels_last).eval(), TextTower(words.VOCAB).eval()
image.load_state_dict(state['slow_image']); text.load_state_dict(state['slow_text'])
results = {'size': size, 'step': state['step'], 'seen': state['seen'], 'minutes': round(state['spent'] / 60, 1)}
for name, held in held_out_sets(Data(), ['phosphor', 'carbon', 'openmoji', 'languages']).items():
    results[name] = dict(pictures=len(held.queries), queries=len(set(held.queries)), recall=held.resized(size).recall(image, text))
    print(name, results[name], flush=True)
json.dump(results, open(os.path.join(CACHE, run + '-evaluation.json'), 'w'), indent=1)
