// When does Azurite end? With the service that started it, however that ended: standard input is a pipe from it.
// SIGTERM lets Azurite write down what it holds in memory.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.on("error", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
process.stdin.unref(); // it must not keep the process either
// A second chance: connections that stay open must not keep the process.
process.once("SIGTERM", () => setTimeout(() => process.exit(0), 20000).unref());
// Programs keep connections open; Azurite must not be the first to close them in the middle of a request. Its own
// option for that (--blobKeepAliveTimeout) is not read.
const KEEP_ALIVE_MILLISECONDS = 600000;
for (const { Server } of [require("http"), require("https")]) {
  const listen = Server.prototype.listen;
  Server.prototype.listen = function (...given) {
    this.keepAliveTimeout = KEEP_ALIVE_MILLISECONDS;
    return listen.apply(this, given);
  };
}
