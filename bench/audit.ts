import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { audit } from "../src/audit/audit.js";

/**
 * How long an audit of a checkout of 3,000 files takes, and what memory it needs: the fixture, and around it modules that call, wrap and
 * import each other as a product's do. `node dist/bench/audit.js [FILES]`.
 */
const FILES = Number(process.argv[2] ?? 3000);

function root(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); dirname(folder) !== folder; folder = dirname(folder)) {
    if (existsSync(join(folder, "test/audit/fixtures/diffgram"))) return folder;
  }
  return process.cwd();
}

function pythonModule(index: number): string {
  const before = index === 0 ? 0 : index - 1;
  const lines = [
    "from methods.regular.regular_api import *",
    `from methods.made.module_${before} import work_${before} as previous`,
    "",
    `class Worker_${index}:`,
    "    def __init__(self, session, opts = None):",
    "        self.session = session",
    "        self.opts = opts",
    "        self.log = regular_log.default()",
    "",
  ];
  for (let method = 0; method < 8; method += 1) {
    lines.push(
      `    def step_${method}(self, file, mode = 'copy', limit = ${method}):`,
      "        data = {'file_id': file.id, 'mode': mode, 'path': self.opts['path']}",
      "        for one in file.list(limit):",
      "            if one.id in data and one.name.strip().lower() != '':",
      "                data.update({'name': one.name, 'count': len(one.items)})",
      "            self.log['info'][one.name] = f\"{one.id} of {limit}\"",
      "        query = self.session.query(Project).filter(Project.id == file.id).order_by(Project.id).limit(limit).all()",
      "        return [x.id for x in query], data",
      "",
    );
  }
  lines.push(
    `def work_${index}(session, member, file, **rest):`,
    `    worker = Worker_${index}(session, rest)`,
    "    previous(session, member, file, **rest)",
  );
  if (index % 8 === 0)
    lines.push(
      "    Event.new(",
      "        session = session,",
      `        kind = 'made_${index}',`,
      "        member = member,",
      "        description = 'Worked on {} of {}'.format(file.id, file.original_filename),",
      "        error_log = worker.log)",
    );
  return `${lines.join("\n")}\n`;
}

function script(index: number): string {
  return `import axios from 'axios'\n${`export const call_${index} = async (id: number) => axios.get(\`/api/v1/project/\${id}/x\`) // see https://docs.example-vendor.com\n`.repeat(40)}`;
}

const tree = await mkdtemp(join(tmpdir(), "audit-bench-"));
try {
  await cp(join(root(), "test/audit/fixtures/diffgram"), tree, { recursive: true });
  for (const name of await readdir(tree, { recursive: true }))
    if (name.endsWith(".fixture")) await rename(join(tree, name), join(tree, name.slice(0, -8)));
  await mkdir(join(tree, "default/methods/made"), { recursive: true });
  await mkdir(join(tree, "frontend/src/made"), { recursive: true });
  for (let index = 0; index < FILES; index += 1) {
    if (index % 3 === 0) await writeFile(join(tree, `frontend/src/made/call_${index}.ts`), script(index));
    else await writeFile(join(tree, `default/methods/made/module_${index}.py`), pythonModule(index));
  }
  const started = performance.now();
  const result = await audit(tree, { policy: undefined, rulesName: "rules", linkBase: "" });
  const seconds = (performance.now() - started) / 1000;
  const peak = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(
    `${result.filesRead} files, ${(result.bytesRead / 1e6).toFixed(1)} MB, ${result.findings.length} findings: ${seconds.toFixed(1)} s, ${peak.toFixed(0)} MiB at most\n`,
  );
} finally {
  await rm(tree, { recursive: true, force: true });
}
