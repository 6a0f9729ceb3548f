import packageJson from '../package.json' with { type: 'json' };

/** Name and version of this package, as written into specs. */
export const tool: { readonly name: string; readonly version: string } = {
  name: packageJson.name,
  version: packageJson.version,
};
