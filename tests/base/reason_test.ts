import { assertEquals } from "@std/assert";
import { codeOf, reason } from "../../lib/base/reason.ts";

Deno.test("an error that the runtime gives only a number has its code", () => {
  const cases: [error: unknown, code: string | undefined, text: string][] = [
    [new Error("File too large (os error 27)"), "EFBIG", "file too large"],
    [
      new Error("Disk quota exceeded (os error 122): open 'x'"),
      "EDQUOT",
      "disk quota exceeded",
    ],
    [new Error("Odd (os error 71), x"), undefined, "odd"],
    [
      Object.assign(new Error("x"), { code: "EIO" }),
      "EIO",
      "input/output error",
    ],
    [Object.assign(new Error("x"), { code: 27 }), undefined, "x"],
    [null, undefined, "null"],
    [undefined, undefined, "undefined"],
    ["text", undefined, "text"],
  ];
  for (const [error, code, text] of cases) {
    assertEquals([codeOf(error), reason(error)], [code, text]);
  }
});
