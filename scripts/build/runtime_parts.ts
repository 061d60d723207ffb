/**
 * The principal parts of the runtime and their terms. They are told from no
 * file: a runtime comes without them. `postern licenses` lists the crates by
 * looking into the executable.
 *
 * @module
 */
import type { Notice } from "../../lib/bundled/notices.ts";
import { licenceIds, licenceText } from "./packages.ts";
import { BuildError } from "./run.ts";

interface Part {
  readonly name: string;
  readonly licence: string;
  /** Who has the copyright, as the part says it. */
  readonly copyright?: string;
  readonly note?: string;
}

const parts: readonly Part[] = [
  {
    name: "Deno",
    licence: "MIT",
    copyright: "Copyright 2018-2026 the Deno authors",
  },
  {
    name: "V8",
    licence: "BSD-3-Clause",
    copyright: "Copyright 2006-2025, the V8 project authors",
    note: "it holds work of others: fdlibm, dtoa, Highway and zlib under " +
      "licences of the same kind, Abseil under Apache-2.0",
  },
  {
    name: "ICU and its data, in V8",
    licence: "Unicode-3.0",
    copyright: "Copyright 1991-2025 Unicode, Inc.",
  },
  {
    name: "libc++ and compiler-rt of LLVM, in V8",
    licence: "Apache-2.0 WITH LLVM-exception",
  },
  {
    name: "Node.js, whose modules Deno has rewritten or copied",
    licence: "MIT",
    copyright: "Copyright Node.js contributors. All rights reserved.",
  },
  {
    name: "ring",
    licence: "Apache-2.0 AND ISC",
    copyright: "Copyright 2015-2025 Brian Smith; parts of BoringSSL",
  },
  {
    name: "AWS-LC",
    licence: "ISC AND (Apache-2.0 OR ISC)",
    copyright: "Copyright Amazon.com, Inc. or its affiliates; " +
      "parts of BoringSSL and OpenSSL",
  },
  {
    name: "rustls",
    licence: "Apache-2.0 OR ISC OR MIT",
    copyright: "Copyright (c) 2016 Joseph Birr-Pixton and contributors",
  },
  {
    name: "webpki and untrusted",
    licence: "ISC",
    copyright: "Copyright 2015 Brian Smith",
  },
  {
    name: "webpki-roots: Mozilla's list of certificate authorities",
    licence: "CDLA-Permissive-2.0",
    note: "MPL-2.0 in older runtimes; the list is Mozilla's, unchanged",
  },
  {
    name: "Tokio, Hyper, Tower",
    licence: "MIT",
    copyright: "Copyright (c) Tokio Contributors, Sean McArthur, " +
      "and the Tower Contributors",
  },
  {
    name: "Brotli",
    licence: "BSD-3-Clause OR MIT",
    copyright: "Copyright (c) 2009-2016 the Brotli Authors, Dropbox, Inc.",
  },
  {
    name: "curve25519-dalek and subtle",
    licence: "BSD-3-Clause",
    copyright: "Copyright (c) 2016-2021 Isis Agora Lovecruft, Henry de Valence",
  },
  {
    name: "Cranelift",
    licence: "Apache-2.0 WITH LLVM-exception",
  },
  {
    name: "zlib",
    licence: "Zlib",
    copyright: "Copyright (C) 1995-2024 Jean-loup Gailly and Mark Adler",
  },
  {
    name: "libffi",
    licence: "MIT",
    copyright: "Copyright (c) 1996-2024 Anthony Green, Red Hat, Inc and others",
  },
  {
    name: "Little CMS",
    licence: "MIT",
    copyright: "Copyright (c) 1998-2024 Marti Maria Saguer",
  },
  {
    name: "SQLite",
    licence: "blessing",
    note: "in the public domain",
  },
];

/** In a text that each holder of a copyright has put its name into. */
const holder = /^.*<year>.*$/m;

/**
 * The parts with the texts of their licences. One that names no holder is told
 * once, with the first part that has it.
 */
export async function runtimeNotices(): Promise<Notice[]> {
  const told = new Set<string>();
  const notices: Notice[] = [];
  for (const { copyright = "", ...part } of parts) {
    const texts = [];
    let isSigned = copyright === "";
    for (const id of licenceIds(part.licence)) {
      const text = await licenceText(id);
      if (text === null) {
        throw new BuildError(
          `${part.name}: the licence ${id} has no known text`,
        );
      }
      const named = text.replace(holder, copyright);
      if (named === text && told.has(id)) continue;
      told.add(id);
      isSigned ||= named !== text;
      texts.push({ source: `SPDX ${id}`, text: named });
    }
    if (!isSigned) texts.unshift({ source: "copyright", text: copyright });
    notices.push({ ...part, version: null, texts });
  }
  return notices;
}
