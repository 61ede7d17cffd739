// Takes the place of VS Code's native log writer, which only a compiler could make on this machine: without one the editor would
// have no log files, and every output channel of an extension would stay empty.
const { appendFileSync, mkdirSync } = require("node:fs");
const { dirname } = require("node:path");

const LEVELS = ["trace", "debug", "info", "warning", "error", "critical"];

class Logger {
  constructor(_type, _name, file) {
    this.file = file;
    this.level = 2;
    this.formatted = true;
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, "");
  }
  write(level, message) {
    if (level < this.level) return;
    const time = new Date().toISOString().replace("T", " ").slice(0, -1);
    appendFileSync(this.file, this.formatted ? `${time} [${LEVELS[level]}] ${message}\n` : message);
  }
  trace(message) {
    this.write(0, message);
  }
  debug(message) {
    this.write(1, message);
  }
  info(message) {
    this.write(2, message);
  }
  warn(message) {
    this.write(3, message);
  }
  error(message) {
    this.write(4, message);
  }
  critical(message) {
    this.write(5, message);
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
  clearFormatters() {
    this.formatted = false;
  }
  setPattern() {}
  flush() {}
  drop() {}
}

const create = async (name, file) => new Logger("rotating", name, file);

// One by one, so that an ES module that imports this one finds the names.
exports.version = 0;
exports.Logger = Logger;
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
