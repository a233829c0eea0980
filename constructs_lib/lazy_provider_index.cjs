// Loaded into the jsii kernel with NODE_OPTIONS --require (see lazy_bindings.py).
//
// A provider package's lib/index.js requires one file per resource type, over a thousand for azurerm. This serves
// the same exports as getters, so that a file is only loaded when its type is used. Any index.js that does not look
// exactly as expected is loaded as it is.
"use strict";
const fs = require("fs");
const path = require("path");
const Module = require("module");
const util = require("util");

// Node.js 22 and newer warn about the old name, which libraries of cdktf still call. It is the same function.
util.isArray = Array.isArray;

const PROVIDER_INDEX = /[\\/]@cdktf[\\/]provider-[a-z]+[\\/]lib[\\/]index\.js$/;
const EXPORT = /^exports\.(\w+) = require\("(\.\/[\w-]+)"\);$/;
const EXPECTED = /^(?:"use strict";|\/\*\*| \*.*|\/\/.*|exports\.\w+ = exports\..*void 0;|Object\.defineProperty\(exports, "__esModule", \{ value: true \}\);|)$/;

function lazyExports(text) {
  const found = [];
  for (const line of text.split("\n")) {
    const match = EXPORT.exec(line);
    if (match) found.push([match[1], match[2]]);
    else if (!EXPECTED.test(line)) return null;
  }
  return found.length > 0 ? found : null;
}

const loadJavaScript = Module._extensions[".js"];
Module._extensions[".js"] = function (module, filename, ...more) {
  const found = PROVIDER_INDEX.test(filename) ? lazyExports(fs.readFileSync(filename, "utf8")) : null;
  if (found === null) {
    if (process.env.EZAZML_DEBUG && PROVIDER_INDEX.test(filename)) {
      console.error(`ezazml: ${filename} does not look as expected; loading all of it`);
    }
    return loadJavaScript.call(this, module, filename, ...more);
  }
  Object.defineProperty(module.exports, "__esModule", { value: true });
  for (const [name, file] of found) {
    Object.defineProperty(module.exports, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = module.require(path.join(path.dirname(filename), file));
        Object.defineProperty(module.exports, name, { enumerable: true, value });
        return value;
      },
    });
  }
};
