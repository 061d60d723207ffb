/**
 * What is installed on a machine, where nobody says.
 *
 * @module
 */
import { codeOf } from "../base/reason.ts";
import { scriptsIn } from "./reading/scripts.ts";
import type { Script } from "./script.ts";
import { baseName, namesIn, statOf, textOf } from "./words.ts";

/** Folders whose files start services. */
const folders = [
  "/etc/init.d",
  "/etc/rc.d/init.d",
  // Scripts that are no links, as the S99qmail of many HOWTOs.
  ...[2, 3, 5].flatMap((
    level,
  ) => [`/etc/rc${level}.d`, `/etc/rc.d/rc${level}.d`]),
  "/etc/systemd/system",
  "/usr/local/lib/systemd/system",
  "/lib/systemd/system",
  "/etc/xinetd.d",
];
/** Folders of folders with a `run`. */
const services = [
  "/etc/service",
  "/service",
  "/var/service",
  "/etc/sv",
  "/etc/s6/sv",
];
const files = [
  "/etc/rc.local",
  "/etc/rc.d/rc.local",
  "/etc/inetd.conf",
  "/var/qmail/rc",
];

const mostBytes = 1 << 20;
const telling = /tcpserver|postern|qmail-smtpd/;

export interface Installed {
  readonly scripts: readonly Script[];
  /** Texts of rules beside which there is, or ought to be, a cdb. */
  readonly rules: readonly { readonly text: string; readonly cdb: string }[];
  /** Places that we may not look into. */
  readonly hidden: readonly string[];
  /** Whether there is a qmail. */
  readonly hasControl: boolean;
}

/** @param root for tests: what stands before each path */
export function installed(root = ""): Installed {
  const hidden = [...folders, ...services].map((path) => root + path)
    .filter(isHidden);
  const paths = [
    ...folders.flatMap((folder) =>
      namesIn(root + folder).map((name) => `${root}${folder}/${name}`)
    ),
    ...services.flatMap((folder) =>
      namesIn(root + folder).map((name) => `${root}${folder}/${name}/run`)
    ),
    ...files.map((path) => root + path),
  ];
  const seen = new Set<string>();
  const scripts = paths.flatMap((path) => {
    const info = statOf(path);
    if (!info?.isFile || info.size > mostBytes) return [];
    const identity = `${info.dev} ${info.ino}`; // /etc/service links to /etc/sv
    if (seen.has(identity)) return [];
    seen.add(identity);
    const text = textOf(path);
    if (text === null) {
      hidden.push(path);
      return [];
    }
    return telling.test(text) ? scriptsIn(path, text) : [];
  });
  const rules = namesIn(`${root}/etc`)
    .filter((name) => /^tcp\.[\w-]+$/.test(name) && !name.endsWith(".tmp"))
    .map((name) => `${root}/etc/${name}`)
    .filter((text) => statOf(text)?.isFile)
    .map((text) => ({ text, cdb: `${text}.cdb` }));
  return {
    scripts: effective(scripts, root),
    rules,
    hidden,
    hasControl: statOf(`${root}/var/qmail/control`) !== null,
  };
}

/**
 * Without units that another of their name stands in for, and without init
 * scripts that have a unit of their name, which systemd does not look at.
 */
function effective(scripts: readonly Script[], root: string): Script[] {
  const isSystemds = statOf(`${root}/run/systemd/system`) !== null;
  // In the order of the folders, which is systemd's.
  const units = new Map<string, string>();
  for (const { kind, path } of scripts) {
    const name = baseName(path);
    if (kind === "systemd" && !units.has(name)) units.set(name, path);
  }
  return scripts.filter(({ kind, path }) => {
    if (kind === "systemd") return units.get(baseName(path)) === path;
    const isInit = /\/init\.d\/[^/]+$/.test(path);
    return !(isInit && isSystemds && units.has(`${baseName(path)}.service`));
  });
}

function isHidden(folder: string): boolean {
  try {
    Deno.readDirSync(folder)[Symbol.iterator]().next();
    return false;
  } catch (error) {
    return ["EACCES", "EPERM"].includes(codeOf(error) ?? "");
  }
}
