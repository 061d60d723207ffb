import { assertEquals, assertThrows } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { CdbWriter } from "../../lib/cdb/writer.ts";
import { MemoryOutput } from "../../lib/cdb/memory.ts";
import { Unusable } from "../../lib/base/unusable.ts";
import { readRoutes, RoutesFile } from "../../lib/deliver/routes.ts";
import { inFolder } from "../support/peers.ts";

const read = (text: string) =>
  readRoutes(text).map(({ domain, text }) => `${domain} ${text}`);

Deno.test("readRoutes() tells the commas of a target from those between routes", () => {
  assertEquals(read("A.example=smtp:b"), ["a.example smtp:b"]);
  assertEquals(read(".a.example=smtp:b:25,c:26,d=lmtp:unix:/e,f=discard"), [
    ".a.example smtp:b:25,c:26",
    "d lmtp:unix:/e",
    "f discard",
  ]);
  for (
    const text of [
      "",
      "a",
      "=discard",
      "a b=discard",
      "a=",
      "a=nothing",
      "*=discard",
    ]
  ) {
    assertThrows(() => readRoutes(text), Error);
  }
});

const domains: [string, string | null][] = [
  ["a.example", "smtp:one"],
  ["x.a.example", "smtp:two"],
  ["y.x.a.example", "smtp:two"],
  ["deep.a.example", "smtp:three"],
  ["b.example", null],
  ["", null],
];

Deno.test("RoutesFile finds the longest domain, in a text and in a cdb", () =>
  inFolder(async (folder) => {
    const routes = {
      "a.example": "smtp:one",
      ".a.example": "smtp:two",
      "deep.a.example": "smtp:three",
    };
    const lines = Object.entries(routes).map(([key, to]) => `${key}=${to}\n`);
    await Deno.writeTextFile(`${folder}/routes`, `# x\n${lines.join("")}`);
    const output = new MemoryOutput();
    const writer = new CdbWriter(output);
    for (const [key, to] of Object.entries(routes)) {
      writer.add(toBytes(key), toBytes(to));
    }
    writer.finish();
    await Deno.writeFile(`${folder}/routes.cdb`, output.bytes());
    for (const name of ["routes", "routes.cdb"]) {
      const file = new RoutesFile(`${folder}/${name}`);
      file.check();
      for (const [domain, expected] of domains) {
        assertEquals(file.find(domain), expected, `${domain} in ${name}`);
      }
    }
  }));

Deno.test("a file of routes that is wrong, or gone, says so", () =>
  inFolder(async (folder) => {
    const path = `${folder}/routes`;
    const file = new RoutesFile(path);
    assertThrows(() => file.find("a"), Unusable, `unable to read ${path}`);
    await Deno.writeTextFile(path, "a=discard\nb=nonsense\n");
    assertThrows(() => file.find("a"), Unusable, `${path}: line 2: wants`);
    await Deno.writeTextFile(path, "a=discard\nbb=smtp:x:25\n");
    assertEquals(file.find("bb"), "smtp:x:25");
  }));
