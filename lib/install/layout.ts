/**
 * What an installation consists of, and where each thing goes.
 *
 * @module
 */
import type { ManPages } from "../bundled/man_pages.ts";
import type { Thing } from "./thing.ts";

/** The name of the executable, which the links lead to. */
const name = "postern";

/** This program's file, even where its name leads to another one by now. */
const running = "/proc/self/exe";

const file = (path: string, text: string): Thing => ({
  kind: "file",
  path,
  mode: 0o644,
  content: { text },
});

/** The executable itself. */
export const executable = (folder: string): Thing => ({
  kind: "file",
  path: `${folder}/${name}`,
  mode: 0o755,
  content: { copyOf: running },
});

/** The classic names. */
export const classicLinks = (
  folder: string,
  names: readonly string[],
): Thing[] =>
  names.map((each) => ({
    kind: "link",
    path: `${folder}/${each}`,
    to: name,
  }));

/** Pages where man looks for them. */
export const manThings = (share: string, pages: ManPages): Thing[] =>
  Object.entries(pages).map(([page, text]) =>
    file(`${share}/man/man${page.at(-1)}/${page}`, text)
  );

/** Where shells look for what completes a command that is being typed. */
const completionPaths: Readonly<
  Record<string, (command: string) => string>
> = {
  bash: (command) => `bash-completion/completions/${command}`,
  zsh: (command) => `zsh/site-functions/_${command}`,
  fish: (command) => `fish/vendor_completions.d/${command}.fish`,
};

/** These look for each command's by its own name; zsh reads all. */
const looksByName = new Set(["bash", "fish"]);

/**
 * Completion, also of the classic names that are installed.
 *
 * @param scripts by shell
 */
export function completionThings(
  share: string,
  scripts: Readonly<Record<string, string>>,
  names: readonly string[],
): Thing[] {
  return Object.entries(scripts).flatMap(([shell, text]): Thing[] => {
    const path = (command: string) =>
      `${share}/${completionPaths[shell](command)}`;
    const main = path(name);
    const links = looksByName.has(shell) ? names : [];
    return [
      file(main, text),
      ...links.map((each): Thing => ({
        kind: "link",
        path: path(each),
        to: main.slice(main.lastIndexOf("/") + 1),
      })),
    ];
  });
}
