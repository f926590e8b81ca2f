/** What the built UI is made of, as CycloneDX: `npm run --silent sbom`. */

import { execFileSync } from "node:child_process";

// `npm sbom --omit dev` leaves out what tools need as well: react among others.
const words = ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application"];
const told = JSON.parse(
  execFileSync(process.execPath, [process.env.npm_execpath, ...words], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "ignore"],
  }),
);

const isTool = ({ scope, properties = [] }) =>
  scope === "optional" || properties.some(({ name }) => name === "cdx:npm:package:development");
const tools = new Set(told.components.filter(isTool).map((each) => each["bom-ref"]));
const components = told.components.filter((each) => !tools.has(each["bom-ref"]));
const dependencies = told.dependencies
  .filter(({ ref }) => !tools.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => !tools.has(each)) }));
process.stdout.write(JSON.stringify({ ...told, components, dependencies }, null, 2));
