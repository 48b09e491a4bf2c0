// Stands in for @vscode/spdlog, whose native part npm would have to compile: without it VS Code writes no log file, and "Show Log" shows nothing.
const { appendFileSync, mkdirSync } = require('node:fs');
const { dirname } = require('node:path');

/** VS Code's numbers for levels; spdlog's own names in the lines. */
const levels = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'];

class Logger {
  constructor(_type, _name, file) {
    this.file = file;
    this.level = 2;
    this.raw = false;
    mkdirSync(dirname(file), { recursive: true });
    this.#append('');
  }

  #append(text) { try { appendFileSync(this.file, text); } catch { /* a full disk must not end VS Code */ } }
  #write(level, message) {
    if (level < this.level) { return; }
    const stamp = new Date().toISOString().replace('T', ' ').replace('Z', '');
    this.#append(this.raw ? message : `${stamp} [${levels[level]}] ${message}\n`);
  }

  trace(message) { this.#write(0, message); }
  debug(message) { this.#write(1, message); }
  info(message) { this.#write(2, message); }
  warn(message) { this.#write(3, message); }
  error(message) { this.#write(4, message); }
  critical(message) { this.#write(5, message); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  /** VS Code sets one pattern for lines, the one of #write, and none for channels that format for themselves. */
  setPattern() { this.raw = false; }
  clearFormatters() { this.raw = true; }
  /** Every line is written at once. */
  flush() {}
  drop() {}
}

const createLogger = type => async (name, file) => new Logger(type, name, file);

// One by one: VS Code imports this as a module, and Node.js finds only names that are assigned so.
exports.version = 1;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = createLogger('rotating');
exports.createAsyncRotatingLogger = createLogger('rotating_async');
