// npm run build: writes dist/, plain files for any static web server under any base path.
import { build, DIST, installIfNeeded, main, requireNode } from './toolchain.mjs';

await main(async () => {
  requireNode();
  await installIfNeeded();
  await build();
  console.log(`The site is in ${DIST}`);
});
