/**
 * What the build finds of licences, and how they are told.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { cratesIn } from "../../lib/bundled/crates.ts";
import { noticesList, noticesText } from "../../lib/bundled/notices_text.ts";
import { pack, unpack } from "../../lib/bundled/packed.ts";
import {
  licenceIds,
  packageFolders,
  readPackages,
} from "../../scripts/build/packages.ts";
import { BuildError } from "../../scripts/build/run.ts";
import { runtimeNotices } from "../../scripts/build/runtime_parts.ts";
import { inFolder } from "../support/peers.ts";

/** Makes packages of their files. */
async function withPackages(
  packages: Record<string, Record<string, string>>,
  act: (folder: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    for (const [name, files] of Object.entries(packages)) {
      const place = `${folder}/node_modules/${name}`;
      await Deno.mkdir(place, { recursive: true });
      for (const [file, text] of Object.entries(files)) {
        await Deno.writeTextFile(`${place}/${file}`, text);
      }
    }
    await act(folder);
  });
}

const about = (fields: Record<string, unknown>) =>
  JSON.stringify({ name: "x", version: "1.0.0", ...fields });

const read = (folder: string) => readPackages(folder, ["node_modules/x"]);

Deno.test("modules are of the innermost package that they are in", () =>
  assertEquals(
    packageFolders([
      "node_modules/.deno/a@1.0.0/node_modules/a/lib/index.js",
      "node_modules/.deno/@s+b@1.0.0/node_modules/@s/b/index.js",
      "node_modules/.deno/@s+b@1.0.0/node_modules/@s/b/node_modules/c/index.js",
      "node_modules/.deno/a@1.0.0/node_modules/a/index.js",
      "../main.ts",
    ]),
    [
      "node_modules/.deno/@s+b@1.0.0/node_modules/@s/b",
      "node_modules/.deno/@s+b@1.0.0/node_modules/@s/b/node_modules/c",
      "node_modules/.deno/a@1.0.0/node_modules/a",
    ],
  ));

Deno.test("licences and notices are taken, and nothing else", () =>
  withPackages({
    x: {
      "package.json": about({ license: "(MIT OR Apache-2.0)" }),
      "LICENSE-MIT.txt": "mit\n\n",
      "licence.md": "british",
      NOTICE: "a notice",
      COPYING: "copying",
      "license-report-config.json": "no",
      "license.js": "no",
      "README.md": "no",
    },
  }, async (folder) => {
    const [{ licence, texts }] = await read(folder);
    assertEquals(licence, "(MIT OR Apache-2.0)");
    assertEquals(texts.map(({ source }) => source), [
      "COPYING",
      "LICENSE-MIT.txt",
      "NOTICE",
      "licence.md",
    ]);
    assertEquals(texts[1].text, "mit\n");
  }));

Deno.test("a package without a file of its licence has the standard text", () =>
  withPackages({
    x: {
      "package.json": about({ license: "MIT AND ISC" }),
      NOTICE: "a notice is no licence",
    },
  }, async (folder) => {
    const [{ texts }] = await read(folder);
    assertEquals(texts.map(({ source }) => source), [
      "NOTICE",
      "SPDX MIT; x has no file of its own for it",
      "SPDX ISC; x has no file of its own for it",
    ]);
    assert(texts[1].text.includes("Permission is hereby granted"));
  }));

for (
  const [what, fields] of [
    ["says nothing of its licence", {}],
    ["may not be passed on", { license: "UNLICENSED" }],
    ["has a licence that nobody knows", { license: "Nobody-1.0" }],
  ] as const
) {
  Deno.test(`a package that ${what} ends the build`, () =>
    withPackages({ x: { "package.json": about(fields) } }, async (folder) => {
      await assertRejects(() => read(folder), BuildError, "x");
    }));
}

Deno.test("an SPDX expression names licences", () => {
  assertEquals(licenceIds("ISC AND (Apache-2.0 OR ISC)"), [
    "ISC",
    "Apache-2.0",
  ]);
  assertEquals(licenceIds("Apache-2.0 WITH LLVM-exception"), ["Apache-2.0"]);
});

Deno.test("each part of the runtime has its text, or a part before it", async () => {
  const parts = await runtimeNotices();
  const told = new Set<string>();
  for (const { name, licence, texts } of parts) {
    for (const { source } of texts) told.add(source);
    for (const id of licenceIds(licence)) assert(told.has(`SPDX ${id}`), name);
  }
  const [deno, v8] = parts.slice(0, 2).map(({ texts }) => texts[0].text);
  assert(deno.includes("the Deno authors"), deno);
  assert(!/<(year|owner|copyright)/.test(deno + v8), deno + v8);
});

Deno.test("crates are told from the paths that a runtime names", () => {
  const text = (crate: string) =>
    `\0/root/.cargo/registry/src/a-registry-1949cf8c6b5b557f/${crate}/src/lib.rs:1\0`;
  const names = [
    "tokio-1.46.1",
    "deno-x-0.1.0-alpha.4",
    "a_b-1.0.0+1.3",
    "tokio-1.46.1",
  ];
  const bytes = new TextEncoder().encode(
    names.map(text).join("") + "registry/src/" + text("none"),
  );
  assertEquals(cratesIn(bytes), [
    { name: "a_b", version: "1.0.0+1.3" },
    { name: "deno-x", version: "0.1.0-alpha.4" },
    { name: "tokio", version: "1.46.1" },
  ]);
});

Deno.test("notices as a text and as a list", () => {
  const licence = "MIT";
  const texts = [{ source: "LICENSE", text: "Do as you like.\n" }];
  const notices = {
    packages: [
      { name: "postern", version: "0.1.0", licence, texts },
      { name: "x", version: "1.0.0", licence, note: "it is old", texts },
    ],
    runtime: [{ name: "Deno", version: null, licence, texts }],
  };
  const text = noticesText(notices, [{ name: "c", version: "2.0.0" }], "2.4.2");
  for (
    const part of ["x 1.0.0 (MIT)\nNote: it is old.\n\nDo as", "\nc 2.0.0\n"]
  ) {
    assert(text.includes(part), text);
  }
  assertEquals(noticesList(notices, { Deno: "2.4.2" }), [
    "postern  0.1.0  MIT",
    "x        1.0.0  MIT",
    "Deno     2.4.2  MIT",
  ]);
  assertEquals(unpack<unknown>(pack(notices)), notices);
});
