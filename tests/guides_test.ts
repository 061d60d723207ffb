/**
 * Guides are typed by a test each (tests/e2e/guide_*_test.ts), README.md leads
 * to all of them, and what they say is compared as it should be.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { isAsSaid, stepsOf } from "./support/guide.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
const guides = [...Deno.readDirSync(new URL("guides", root))]
  .map(({ name }) => name);

for (const name of guides) {
  Deno.test(`guides/${name} has a test that types it, and is led to`, () => {
    const test = name.replaceAll("-", "_").replace(/\.md$/, "_test.ts");
    assert(read(`tests/e2e/guide_${test}`).includes(`"${name}"`));
    for (const readme of ["README.md", "README.ja.md"]) {
      assert(read(readme).includes(`(guides/${name})`), readme);
    }
  });

  Deno.test(`guides/${name}: its blocks are understood, its links lead somewhere`, () => {
    const text = read(`guides/${name}`);
    assert(stepsOf(text).some(({ type }) => type === "type"));
    const links = [...text.matchAll(/\]\(([^):]+)\)/g)].map(([, to]) => to);
    assertEquals(links.filter((to) => !guides.includes(to)), []);
  });
}

Deno.test("a guide in steps", () => {
  assertEquals(
    stepsOf(`
# A guide
\`\`\`sh
one
\`\`\`
\`\`\`text
1
\`\`\`
\`\`\`sh exits 3
two
\`\`\`
<!-- here: it rains -->
\`\`\`toml /etc/x.toml
x = 1
\`\`\`
\`\`\`sh elsewhere
reboot
\`\`\`
`),
    [
      { type: "type", text: "one\n", exits: 0 },
      { type: "prints", text: "1\n" },
      { type: "type", text: "two\n", exits: 3 },
      { type: "here", name: "it rains" },
      { type: "file", path: "/etc/x.toml", text: "x = 1\n" },
      { type: "elsewhere", text: "reboot\n" },
    ],
  );
  assertThrows(() => stepsOf("```sh somehow\nx\n```\n"), Error, "somehow");
  assertThrows(() => stepsOf("```\nx\n```\n"), Error, "nobody knows");
});

Deno.test("what a guide says is printed", () => {
  const cases: [text: string, said: string, isSo: boolean][] = [
    ["one\ntwo\n", "one\ntwo", true],
    ["one\ntwo\n", "one", false],
    ["one\ntwo\n", "one\n...", true],
    ["one\n", "one\n...", true],
    ["zero\none\n", "...\none", true],
    ["zero\nones\n", "...\none", false],
    ["pid 17 (x)\n", "pid ... (x)", true],
    ["pid 17\n(x)\n", "pid ... (x)", false],
    ["a.b\n", "a.b", true],
    ["axb\n", "a.b", false],
    ["one  \n", "one", true],
  ];
  for (const [text, said, isSo] of cases) {
    assertEquals(isAsSaid(text, said), isSo, `${text} / ${said}`);
  }
});
