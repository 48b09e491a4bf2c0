"""Turns records.jsonl into concepts and captions, trains the vocabulary, and writes everything tokenised into .cache/words.pkl."""
import collections, gzip, hashlib, json, os, pickle, random, re, sys, unicodedata
import numpy as np
import sentencepiece as spm

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(HERE, '.cache')
MODULES = os.path.join(HERE, 'node_modules')
VOCAB = 12000
# The ten languages of the evaluation first; the rest come along with less weight.
LANGUAGES = {'nl': 1, 'de': 1, 'fr': 1, 'es': 1, 'it': 1, 'pt': 1, 'pl': 1, 'ja': 1, 'zh': 1, 'ru': 1,
             'sv': .4, 'da': .4, 'nb': .4, 'fi': .3, 'hu': .3, 'uk': .4, 'ko': .4}
STYLES = set('''outline outlined filled fill solid line linear bold thin light regular duotone twotone broken rounded round sharp bulk stroke
 12 14 16 20 24 28 32 36 40 48 64 128 512 baseline alt color colored flat monochrome mini micro variant stroked curved glyph mono black sketch
 freehand remix duo tone multicolor xs sm md lg xl small medium large'''.split())


def normalise(text):
    """The tokenizer's normaliser, in the same order: camelCase split, NFKC, lower case, separators to one space, trimmed."""
    text = re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', text)
    text = unicodedata.normalize('NFKC', text).lower()
    return re.sub(r'[\s\-_▁]+', ' ', text).strip(' ')


def strip_styles(names, suffixes, prefixes):
    """Cleaned name per name: trailing and leading style words that a set uses systematically are removed."""
    tail, head, total = collections.Counter(), collections.Counter(), len(names)
    for n in names:
        t = n.split('-')
        for k in t[1:]: tail[k] += 1
        if len(t) > 1: head[t[0]] += 1
    meta = set()
    for s in list(suffixes) + list(prefixes): meta.update(s.split('-'))
    meta.discard('')
    numbered = sum(bool(re.search(r'-\d+$', n)) for n in names) > .08 * total
    keep_number = re.compile(r'(number|counter|looks|filter|level|circle|square|battery|dice|hexagon|signal|grid|columns?|box|letter|digit|top|h|format)s?-\d+$')
    out = {}
    for n in names:
        t = n.split('-')
        while len(t) > 1 and (t[-1] in STYLES and tail[t[-1]] > .02 * total or t[-1] in meta and t[-1] in STYLES): t.pop()
        while len(t) > 1 and t[0] in STYLES | {'ic', 'icon', 'i'} and head[t[0]] > .02 * total: t.pop(0)
        s = '-'.join(t)
        if re.search(r'-0\d$', s) or numbered and re.search(r'-\d+$', s) and not keep_number.search(s): s = re.sub(r'-\d+$', '', s)
        out[n] = normalise(s)
    return out


def thesaurus():
    """Cleaned icon name -> search words, from the metadata of icon packages."""
    tags = collections.defaultdict(set)
    def add(name, words):
        key = normalise(name)
        for w in words:
            w = normalise(str(w))
            if 1 < len(w) < 32 and w != key and not w.isdigit(): tags[key].add(w)
    read = lambda p: json.load(open(os.path.join(MODULES, p)))
    for n, t in read('lucide-static/tags.json').items(): add(n, t)
    for n, t in read('@tabler/icons/icons.json').items(): add(n, t['tags'])
    for t in read('@mdi/svg/meta.json'): add(t['name'].replace('-outline', ''), t['aliases'])
    for t in read('ionicons/dist/ionicons.json')['icons']: add(re.sub('-(outline|sharp)$', '', t['name']), [x for x in t['tags'] if x != 'outline'])
    for n, t in read('@fortawesome/fontawesome-free/metadata/icon-families.json').items():
        add(n, (t.get('search') or {}).get('terms', []) + [t.get('label', '')] + ((t.get('aliases') or {}).get('names') or []))
    for n, t in read('@primer/octicons/build/data.json').items(): add(n, t['keywords'])
    return tags


def wordnet():
    """Lemma -> synonyms of its most frequent noun (else verb) sense."""
    found = {}
    for pos in ('noun', 'verb'):
        index, data = f'/usr/share/wordnet/index.{pos}', f'/usr/share/wordnet/data.{pos}'
        if not os.path.exists(index): return found
        synsets = {}
        for line in open(data):
            if line[0] == ' ': continue
            f = line.split(' ')
            synsets[f[0]] = [f[4 + 2 * k].replace('_', ' ') for k in range(int(f[3], 16))]
        for line in open(index):
            if line[0] == ' ': continue
            f = line.split()
            lemma = f[0].replace('_', ' ')
            words = [w.lower() for w in synsets[f[-int(f[2])]]]
            words = [w for w in words if w != lemma and re.fullmatch(r"[a-z' ]+", w)]
            if words and lemma not in found: found[lemma] = words[:6]
    return found


def emoji_words():
    """hexcode -> {language: [label, tag...]}, labels first, from emojibase and CLDR."""
    table = collections.defaultdict(dict)
    chars = {}
    for lang in ['en'] + list(LANGUAGES):
        path = os.path.join(MODULES, 'emojibase-data', lang, 'data.json')
        if not os.path.exists(path): continue
        for e in json.load(open(path)):
            for v in [e] + e.get('skins', []):
                code = v['hexcode'].replace('-FE0F', '').lower()
                table[code].setdefault(lang, [normalise(e['label'])] + [normalise(t) for t in e.get('tags', [])])
                chars[v['emoji'].replace('\ufe0f', '')] = code
    for lang in ['en'] + list(LANGUAGES):
        path = os.path.join(MODULES, 'cldr-annotations-full/annotations', {'nb': 'no'}.get(lang, lang), 'annotations.json')
        if not os.path.exists(path): continue
        for char, a in json.load(open(path))['annotations']['annotations'].items():
            code = chars.get(char.replace('\ufe0f', ''))
            if code is None: code = chars[char] = '-'.join(f'{ord(c):x}' for c in char)
            words = [normalise(w) for w in a.get('tts', []) + a.get('default', [])]
            known = table[code].setdefault(lang, [])
            known += [w for w in words if w and w not in known]
    return table


def translations(table):
    """English word or phrase -> {language: [words]}: exact labels, and keywords that point at few emoji."""
    out = collections.defaultdict(lambda: collections.defaultdict(list))
    where = collections.defaultdict(list)
    for code, langs in table.items():
        en = langs.get('en', [])
        for rank, w in enumerate(en): where[w].append((rank > 0, code))
    for word, hits in where.items():
        hits.sort()
        exact = [c for later, c in hits if not later]
        use = exact[:1] if exact else [c for _, c in hits] if len(hits) == 1 else []
        for code in use:
            for lang, words in table[code].items():
                if lang != 'en' and words: out[word][lang] += words[:1]
    return out


# Everyday interface words in the first seven languages, written for this model: what emoji keywords do not cover.
DICTIONARY = '''trash|prullenbak|papierkorb|corbeille|papelera|cestino|lixeira|kosz
delete|verwijderen|löschen|supprimer|eliminar|elimina|excluir|usuń
search|zoeken|suche|rechercher|buscar|cerca|pesquisar|szukaj
magnifying glass|vergrootglas|lupe|loupe|lupa|lente|lupa|lupa
settings|instellingen|einstellungen|paramètres|ajustes|impostazioni|configurações|ustawienia
gear|tandwiel|zahnrad|engrenage|engranaje|ingranaggio|engrenagem|koło zębate
home|thuis|startseite|accueil|inicio|casa|início|dom
house|huis|haus|maison|casa|casa|casa|dom
user|gebruiker|benutzer|utilisateur|usuario|utente|usuário|użytkownik
users|gebruikers|benutzergruppe|utilisateurs|usuarios|utenti|usuários|użytkownicy
download|downloaden|herunterladen|télécharger|descargar|scarica|baixar|pobierz
upload|uploaden|hochladen|téléverser|subir|carica|enviar|wyślij
save|opslaan|speichern|enregistrer|guardar|salva|salvar|zapisz
edit|bewerken|bearbeiten|modifier|editar|modifica|editar|edytuj
pencil|potlood|bleistift|crayon|lápiz|matita|lápis|ołówek
close|sluiten|schließen|fermer|cerrar|chiudi|fechar|zamknij
open|openen|öffnen|ouvrir|abrir|apri|abrir|otwórz
arrow|pijl|pfeil|flèche|flecha|freccia|seta|strzałka
arrow left|pijl naar links|pfeil nach links|flèche gauche|flecha izquierda|freccia sinistra|seta para a esquerda|strzałka w lewo
arrow right|pijl naar rechts|pfeil nach rechts|flèche droite|flecha derecha|freccia destra|seta para a direita|strzałka w prawo
arrow up|pijl omhoog|pfeil nach oben|flèche haut|flecha arriba|freccia su|seta para cima|strzałka w górę
arrow down|pijl omlaag|pfeil nach unten|flèche bas|flecha abajo|freccia giù|seta para baixo|strzałka w dół
shopping cart|winkelwagen|einkaufswagen|panier d'achat|carrito de compras|carrello|carrinho de compras|koszyk
heart|hart|herz|cœur|corazón|cuore|coração|serce
star|ster|stern|étoile|estrella|stella|estrela|gwiazda
lock|slot|schloss|cadenas|candado|lucchetto|cadeado|kłódka
key|sleutel|schlüssel|clé|llave|chiave|chave|klucz
calendar|kalender|kalender|calendrier|calendario|calendario|calendário|kalendarz
clock|klok|uhr|horloge|reloj|orologio|relógio|zegar
camera|camera|kamera|appareil photo|cámara|fotocamera|câmera|aparat
image|afbeelding|bild|image|imagen|immagine|imagem|obraz
file|bestand|datei|fichier|archivo|file|arquivo|plik
folder|map|ordner|dossier|carpeta|cartella|pasta|folder
mail|e-mail|post|courriel|correo|posta|correio|poczta
envelope|envelop|umschlag|enveloppe|sobre|busta|envelope|koperta
phone|telefoon|telefon|téléphone|teléfono|telefono|telefone|telefon
bell|bel|glocke|cloche|campana|campana|sino|dzwonek
warning|waarschuwing|warnung|avertissement|advertencia|avviso|aviso|ostrzeżenie
error|fout|fehler|erreur|error|errore|erro|błąd
help|hulp|hilfe|aide|ayuda|aiuto|ajuda|pomoc
question|vraag|frage|question|pregunta|domanda|pergunta|pytanie
check|vinkje|häkchen|coche|marca de verificación|spunta|marca de seleção|ptaszek
plus|plus|plus|plus|más|più|mais|plus
minus|min|minus|moins|menos|meno|menos|minus
print|afdrukken|drucken|imprimer|imprimir|stampa|imprimir|drukuj
printer|printer|drucker|imprimante|impresora|stampante|impressora|drukarka
book|boek|buch|livre|libro|libro|livro|książka
car|auto|auto|voiture|coche|auto|carro|samochód
bicycle|fiets|fahrrad|vélo|bicicleta|bicicletta|bicicleta|rower
train|trein|zug|train|tren|treno|trem|pociąg
airplane|vliegtuig|flugzeug|avion|avión|aereo|avião|samolot
ship|schip|schiff|navire|barco|nave|navio|statek
map|kaart|karte|carte|mapa|mappa|mapa|mapa
location|locatie|standort|emplacement|ubicación|posizione|localização|lokalizacja
sun|zon|sonne|soleil|sol|sole|sol|słońce
moon|maan|mond|lune|luna|luna|lua|księżyc
cloud|wolk|wolke|nuage|nube|nuvola|nuvem|chmura
rain|regen|regen|pluie|lluvia|pioggia|chuva|deszcz
snow|sneeuw|schnee|neige|nieve|neve|neve|śnieg
tree|boom|baum|arbre|árbol|albero|árvore|drzewo
flower|bloem|blume|fleur|flor|fiore|flor|kwiat
cat|kat|katze|chat|gato|gatto|gato|kot
dog|hond|hund|chien|perro|cane|cachorro|pies
bird|vogel|vogel|oiseau|pájaro|uccello|pássaro|ptak
fish|vis|fisch|poisson|pez|pesce|peixe|ryba
horse|paard|pferd|cheval|caballo|cavallo|cavalo|koń
music|muziek|musik|musique|música|musica|música|muzyka
video|video|video|vidéo|vídeo|video|vídeo|wideo
microphone|microfoon|mikrofon|microphone|micrófono|microfono|microfone|mikrofon
speaker|luidspreker|lautsprecher|haut-parleur|altavoz|altoparlante|alto-falante|głośnik
play|afspelen|abspielen|lecture|reproducir|riproduci|reproduzir|odtwórz
pause|pauze|pause|pause|pausa|pausa|pausa|pauza
refresh|vernieuwen|aktualisieren|actualiser|actualizar|aggiorna|atualizar|odśwież
undo|ongedaan maken|rückgängig|annuler|deshacer|annulla|desfazer|cofnij
link|koppeling|verknüpfung|lien|enlace|collegamento|link|łącze
share|delen|teilen|partager|compartir|condividi|compartilhar|udostępnij
filter|filter|filter|filtre|filtro|filtro|filtro|filtr
sort|sorteren|sortieren|trier|ordenar|ordina|ordenar|sortuj
list|lijst|liste|liste|lista|elenco|lista|lista
table|tabel|tabelle|tableau|tabla|tabella|tabela|tabela
chart|grafiek|diagramm|graphique|gráfico|grafico|gráfico|wykres
money|geld|geld|argent|dinero|denaro|dinheiro|pieniądze
credit card|creditcard|kreditkarte|carte de crédit|tarjeta de crédito|carta di credito|cartão de crédito|karta kredytowa
gift|cadeau|geschenk|cadeau|regalo|regalo|presente|prezent
battery|batterij|batterie|batterie|batería|batteria|bateria|bateria
wifi|draadloos netwerk|wlan|wi-fi|red inalámbrica|rete wireless|rede sem fio|sieć bezprzewodowa
computer|computer|computer|ordinateur|ordenador|computer|computador|komputer
keyboard|toetsenbord|tastatur|clavier|teclado|tastiera|teclado|klawiatura
mouse|muis|maus|souris|ratón|mouse|rato|mysz
eye|oog|auge|œil|ojo|occhio|olho|oko
hand|hand|hand|main|mano|mano|mão|dłoń
fire|vuur|feuer|feu|fuego|fuoco|fogo|ogień
water|water|wasser|eau|agua|acqua|água|woda
coffee|koffie|kaffee|café|café|caffè|café|kawa
bread|brood|brot|pain|pan|pane|pão|chleb
apple|appel|apfel|pomme|manzana|mela|maçã|jabłko
light bulb|gloeilamp|glühbirne|ampoule|bombilla|lampadina|lâmpada|żarówka
bug|bug|käfer|bogue|bicho|insetto|inseto|pluskwa
code|code|quelltext|code|código|codice|código|kod
globe|wereldbol|weltkugel|globe|globo terráqueo|globo|globo|globus
flag|vlag|flagge|drapeau|bandera|bandiera|bandeira|flaga
shield|schild|schild|bouclier|escudo|scudo|escudo|tarcza
scissors|schaar|schere|ciseaux|tijeras|forbici|tesoura|nożyczki
hammer|hamer|hammer|marteau|martillo|martello|martelo|młotek
wrench|moersleutel|schraubenschlüssel|clé anglaise|llave inglesa|chiave inglese|chave inglesa|klucz francuski
paint brush|kwast|pinsel|pinceau|pincel|pennello|pincel|pędzel
copy|kopiëren|kopieren|copier|copiar|copia|copiar|kopiuj
menu|menu|menü|menu|menú|menu|menu|menu
left|links|links|gauche|izquierda|sinistra|esquerda|lewo
right|rechts|rechts|droite|derecha|destra|direita|prawo
log out|uitloggen|abmelden|se déconnecter|cerrar sesión|esci|sair|wyloguj
log in|inloggen|anmelden|se connecter|iniciar sesión|accedi|entrar|zaloguj
chat|gesprek|chat|discussion|charla|chat|bate-papo|czat
hospital|ziekenhuis|krankenhaus|hôpital|hospital|ospedale|hospital|szpital
school|school|schule|école|escuela|scuola|escola|szkoła
factory|fabriek|fabrik|usine|fábrica|fabbrica|fábrica|fabryka
airport|luchthaven|flughafen|aéroport|aeropuerto|aeroporto|aeroporto|lotnisko
rocket|raket|rakete|fusée|cohete|razzo|foguete|rakieta
umbrella|paraplu|regenschirm|parapluie|paraguas|ombrello|guarda-chuva|parasol
bed|bed|bett|lit|cama|letto|cama|łóżko
chair|stoel|stuhl|chaise|silla|sedia|cadeira|krzesło
door|deur|tür|porte|puerta|porta|porta|drzwi
window|raam|fenster|fenêtre|ventana|finestra|janela|okno'''


def main():
    records = [json.loads(l) for l in open(os.path.join(CACHE, 'records.jsonl'))]
    by_set = collections.defaultdict(list)
    for r in records: by_set[r['set']].append(r)
    cleaned, dropped = {}, set()
    removed = os.path.join(CACHE, 'removed.json')
    if os.path.exists(removed): dropped = set(map(tuple, json.load(open(removed))['removed']))
    table = emoji_words()
    for prefix, rs in by_set.items():
        if prefix == 'openclipart':
            for r in rs:
                base = re.sub(r'(_\d+|\d+)$', '', r['name'])
                base = re.sub(r'_[a-z]+_[a-z]\.?_?0?$|_(archit?|bent|jon|ganson|plant|mois|rinc)\w*$', '', base)
                cleaned[prefix, r['name']] = normalise(base) or r['name']
            continue
        meta = json.load(open(os.path.join(MODULES, '@iconify/json/json', prefix + '.json')))
        names = [r['name'] for r in rs]
        extra = [a for r in rs for a in r.get('aliases') or []]
        for n, c in strip_styles(names + extra, meta.get('suffixes', {}), meta.get('prefixes', {})).items(): cleaned[prefix, n] = c
    tags, synonyms, translate = thesaurus(), wordnet(), translations(table)
    languages = ['nl', 'de', 'fr', 'es', 'it', 'pt', 'pl']
    for line in DICTIONARY.split('\n'):
        en, *others = line.split('|')
        for lang, w in zip(languages, others): translate[en][lang].insert(0, normalise(w))
    print('thesaurus', len(tags), 'wordnet', len(synonyms), 'translated', len(translate), flush=True)

    texts, text_id = [], {}
    def tid(text):
        if text not in text_id: text_id[text] = len(texts); texts.append(text)
        return text_id[text]

    concepts, concept_id = [], {}
    pictures = []   # (record index, concept)
    for index, r in enumerate(records):
        if r['kind'] == 'heldout' or (r['set'], r['name']) in dropped: continue
        if r['set'] == 'openclipart' and re.search(r'\d+pt|region', r['name']) and len(pictures) % 4: continue
        name = cleaned[r['set'], r['name']]
        if not name: continue
        label = None
        code = (r.get('hex') or '').lower().replace('-fe0f', '')
        if code and code in table and table[code].get('en'):
            label = table[code]['en'][0]
        key = label or name
        if key not in concept_id:
            concept_id[key] = len(concepts)
            concepts.append(dict(key=key, names=collections.Counter(), tags=set(), trans={}, cats=set()))
        c = concepts[concept_id[key]]
        c['names'][name] += 1
        if label:
            c['names'][label] += 2
            c['tags'].update(w for w in table[code]['en'][1:] if w != label)
            for lang in LANGUAGES:
                if table[code].get(lang): c['trans'][lang] = table[code][lang]
        for a in r.get('aliases') or []:
            a = cleaned.get((r['set'], a)) or normalise(a)
            if a and a != key and len(a) < 40: c['tags'].add(a)
        c['tags'].update(w for w in map(normalise, r.get('tags') or []) if w and w not in ('icon', 'clip art', 'clipart', 'image', 'media', 'public domain', 'png', 'svg', 'hash'))
        if r['set'] == 'openclipart': c['tags'].update(w for w in map(normalise, (r.get('categories') or [])[-2:]) if w and w != '.')
        else: c['cats'].update(normalise(re.sub(r'[^\w ]+', ' ', x)) for x in r.get('categories') or [])
        pictures.append((index, concept_id[key]))
    for c in concepts:
        key = c['key']
        c['tags'].update(tags.get(key, ()))
        for lang, words in translate.get(key, {}).items():
            c['trans'][lang] = list(dict.fromkeys(words + c['trans'].get(lang, [])))
        syn = set(synonyms.get(key, ()))
        words = key.split(' ')
        if len(words) == 2 and not syn:
            for k, w in enumerate(words):
                for s in synonyms.get(w, ())[:2]: syn.add(' '.join(words[:k] + [s] + words[k + 1:]))
        if len(words) == 2: syn.add(f'{words[1]} {words[0]}')
        c['syn'] = syn
    out = []
    for c in concepts:
        out.append(dict(
            names=[(tid(n), k) for n, k in c['names'].most_common(6)],
            tags=[tid(t) for t in sorted(c['tags'])[:60] if t],
            syn=[tid(t) for t in sorted(c['syn'])],
            cats=[tid(t) for t in sorted(c['cats'])[:4] if t],
            trans={lang: [tid(w) for w in words[:5]] for lang, words in c['trans'].items()}))
    print('pictures', len(pictures), 'concepts', len(concepts), 'texts', len(texts), flush=True)

    templates = ['an icon of {}', 'a picture of {}', '{} icon', 'a drawing of {}', 'an image of {}', '{} symbol', 'a {}', 'the {} button', 'an icon for {}',
                 'button to {}', 'show me {}', '{} emoji', 'a logo of {}', '{} illustration']
    colours = ['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink', 'brown', 'black', 'white', 'gray']
    # Vocabulary: words weighted by how many pictures carry them.
    rng = random.Random(1)
    lines = collections.Counter()
    for c in concepts:
        total = min(30, sum(c['names'].values()))
        for n in c['names']: lines[n] += total
        for t in list(c['tags']) + list(c['syn']): lines[t] += 1
        for lang, words in c['trans'].items():
            for w in words[:5]: lines[w] += 2 if lang in ('ja', 'zh', 'ko') else 4
    with open(os.path.join(CACHE, 'vocabulary.txt'), 'w') as f:
        for text, n in lines.items():
            for _ in range(min(40, n)): f.write(text + '\n')
        for t in templates + colours:
            for _ in range(200): f.write(t.replace('{}', '').strip() + '\n')
    if not os.path.exists(os.path.join(CACHE, 'pieces.model')) or '--vocabulary' in sys.argv:
        spm.SentencePieceTrainer.train(input=os.path.join(CACHE, 'vocabulary.txt'), model_prefix=os.path.join(CACHE, 'pieces'), model_type='unigram',
            vocab_size=VOCAB, character_coverage=.9995, normalization_rule_name='identity', remove_extra_whitespaces=False, add_dummy_prefix=True,
            pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, input_sentence_size=1500000, shuffle_input_sentence=True, num_threads=2, minloglevel=1)
    sp = spm.SentencePieceProcessor(model_file=os.path.join(CACHE, 'pieces.model'))
    tokens = sp.encode(texts)
    parts = lambda s: tuple(sp.encode(x.strip()) if x.strip() else [] for x in s.split('{}'))
    pickle.dump(dict(pictures=pictures, concepts=out, texts=texts, tokens=tokens, templates=[parts(t) for t in templates],
        colours=[sp.encode(c) for c in colours], languages=LANGUAGES, keys=[c['key'] for c in concepts]), open(os.path.join(CACHE, 'words.pkl'), 'wb'), 4)
    lengths = np.array([len(t) for t in tokens])
    print('vocabulary', sp.get_piece_size(), 'mean tokens', lengths.mean(), 'p99', np.percentile(lengths, 99))
    for q in ['shopping cart', 'prullenbak', 'arrow circle left', 'magnifying glass', 'address book tabs', 'vergrootglas']: print(q, sp.encode(q, out_type=str))
    for k in rng.sample(range(len(concepts)), 25): print(concepts[k]['key'], '|', dict(concepts[k]['names'].most_common(3)), '|', sorted(concepts[k]['tags'])[:6], '|', concepts[k]['trans'].get('nl'), '|', list(concepts[k]['syn'])[:3])


if __name__ == "__main__": main()
