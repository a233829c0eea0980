// Loaded into the jsii kernel with NODE_OPTIONS --require (see lazy_bindings.py).
//
// jsii's entry file starts a second Node.js, which does the work, and passes on what Python and that one say: a tenth
// of a second at every start. This runs the program of the second in the first. It speaks with Python over standard
// input and output instead of a third pipe, and what JavaScript prints goes out as the entry file wraps it. Where the
// program does not look exactly as expected, the entry file is loaded as it is.
"use strict";
const fs = require("fs");
const path = require("path");
const Module = require("module");
const { Writable } = require("stream");

const ENTRY = /[\\/]bin[\\/]jsii-runtime\.js$/;
const PIPES = "readFD:3,writeFD:3";

function programOf(entry) {
  const file = path.resolve(path.dirname(entry), "..", "lib", "program.js");
  try {
    const text = fs.readFileSync(file, "utf8");
    return text.split(PIPES).length === 2 ? { file, text: text.replace(PIPES, "readFD:0,writeFD:1") } : null;
  } catch {
    return null;
  }
}

// As the entry file passes it on: one line of JSON on standard error, which jsii's Python side unwraps.
function wrapped(name) {
  const stream = new Writable({
    decodeStrings: true,
    write(chunk, _encoding, done) {
      fs.writeSync(2, `${JSON.stringify({ [name]: chunk.toString("base64") })}\n`);
      done();
    },
  });
  return Object.assign(stream, { fd: name === "stdout" ? 1 : 2 });
}

const loadJavaScript = Module._extensions[".js"];
Module._extensions[".js"] = function (module, filename, ...more) {
  const program = ENTRY.test(filename) && module === process.mainModule ? programOf(filename) : null;
  if (program === null) return loadJavaScript.call(this, module, filename, ...more);
  for (const name of ["stdout", "stderr"]) {
    Object.defineProperty(process, name, { configurable: true, enumerable: true, value: wrapped(name) });
  }
  // The kernel uses its cache of packages if it finds the option here; it holds by NODE_OPTIONS.
  process.execArgv.push("--preserve-symlinks");
  // Ctrl-C reaches this process too; Python ends it when it ends itself.
  process.on("SIGINT", () => {});
  const inner = new Module(program.file, module);
  inner.filename = program.file;
  inner.paths = Module._nodeModulePaths(path.dirname(program.file));
  inner._compile(program.text, program.file);
};
