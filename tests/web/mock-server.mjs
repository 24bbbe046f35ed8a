// A server for development and tests: serves web/dist and speaks docs/workspace-api.md from memory, streams and faults
// included. Nothing is kept, nothing leaves the machine. `node mock-server.mjs [PORT]`, or start() from a test.
import { createServer } from "node:http";
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { makeApi } from "./mock-api.mjs";

const dist = fileURLToPath(new URL("../../web/dist/", import.meta.url));
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json" };
// As strict as the real server's: what breaks there breaks here.
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

function serveFile(request, response, path) {
  let file = normalize(join(dist, path));
  if (!file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile()) file = join(dist, "index.html");
  const headers = {
    "content-type": types[extname(file)] ?? "application/octet-stream",
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "cache-control": file.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
  };
  if (/\bbr\b/.test(String(request.headers["accept-encoding"])) && existsSync(`${file}.br`)) {
    file += ".br";
    headers["content-encoding"] = "br";
  }
  response.writeHead(200, headers);
  response.end(readFileSync(file));
}

export function start(port = 0, options = {}) {
  const api = makeApi(options);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://local");
    if (url.pathname.startsWith("/api/") || url.pathname.startsWith("/mock/")) {
      api.handle(request, response, url).catch((error) => {
        console.error(error);
        if (!response.headersSent) response.writeHead(500).end();
        else response.destroy();
      });
    } else {
      serveFile(request, response, url.pathname);
    }
  });
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => {
      const { port: taken } = server.address();
      resolve({
        url: `http://127.0.0.1:${taken}`,
        api,
        stop: () => {
          server.closeAllConnections();
          return new Promise((done) => server.close(done));
        },
      });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await start(Number(process.argv[2] ?? 8080));
  console.log(`${url}  claire.fabre@valmont.fr / une place ouverte`);
}
