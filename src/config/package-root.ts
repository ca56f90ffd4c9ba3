import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder that holds this package's package.json: found by walking up, so that it is right from sources, from `dist/` and from an image.
 *
 * @throws Error where no folder above this file holds a package.json, which means a broken installation.
 */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder)
      throw new Error(`No package.json above ${start}: the installation is broken, install the package again.`);
  }
}
