// Stands in for @vscode/native-watchdog, whose native part npm would have to compile: an extension host ends when its server is gone.
const intervalMs = 1000;

exports.start = pid => {
  setInterval(() => {
    try { process.kill(pid, 0); } catch { process.exit(87); }
  }, intervalMs).unref();
};
exports.exit = code => process.exit(code ?? 0);
