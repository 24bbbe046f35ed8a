// Two steps of the build that Vite does not have.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const compress = promisify(brotliCompress);
const text = /\.(js|css|html|svg|json|txt)$/;

// Runs before the first paint, so that a chosen theme does not flash. A file of its own: the page's policy forbids
// inline scripts.
const theme = `try{var t=localStorage.getItem("bastide.theme");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch(e){}`;

export function themeScript() {
  let reference = "";
  return {
    name: "bastide-theme-script",
    apply: "build",
    buildStart() {
      reference = this.emitFile({ type: "asset", name: "theme.js", source: theme });
    },
    transformIndexHtml: {
      order: "post",
      handler(html, context) {
        const file = Object.keys(context.bundle ?? {}).find((name) => /theme-[^/]*\.js$/.test(name));
        if (!file && reference) throw new Error("the theme script was not emitted");
        return html.replace("</title>", `</title>\n    <script src="/${file}"></script>`);
      },
    },
  };
}

// Writes NAME.br beside each text file, at the highest quality: the server sends it as it is.
export function precompress() {
  let outDir = "dist";
  return {
    name: "bastide-precompress",
    apply: "build",
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(outDir, { recursive: true, withFileTypes: true });
      await Promise.all(
        entries
          .filter((entry) => entry.isFile() && text.test(entry.name))
          .map(async (entry) => {
            const path = join(entry.parentPath, entry.name);
            const bytes = await readFile(path);
            const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
            await writeFile(`${path}.br`, await compress(bytes, { params }));
          }),
      );
    },
  };
}

// What every first screen needs: others' code, which rarely changes, and ours.
export const firstParts = /node_modules\/(react|react-dom|scheduler|@tanstack|wouter|regexparam|use-sync-external-store|virtua|marked|lucide-react)\//;
export const firstScreens = /\/src\/(main\.tsx|api\/|i18n\/(index|format)\.|ui\/(?!overlays\.)[^.]+\.tsx?|chat\/(?!CodeBlock|Formula)|shell\/(?!WelcomeLink|FirstSteps|Steps|Palette|ShortcutsHelp))/;

// All browsers that this page runs on read woff2: the older forms of the formula fonts would only fill the binary.
export function leanKatex() {
  return {
    name: "bastide-lean-katex",
    enforce: "pre",
    transform(code, id) {
      if (!/katex.*\.css$/.test(id.split("?")[0])) return null;
      return { code: code.replace(/,url\([^)]+\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, ""), map: null };
    },
  };
}
