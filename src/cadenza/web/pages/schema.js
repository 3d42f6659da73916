// Reading the OpenAPI documents: operations, fields, places where a recording can go.

const METHODS = new Set(["get", "post", "put", "patch", "delete"]);

/** Return the operations of a document in its order. */
export function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).filter((key) => METHODS.has(key)).map((key) => ({ ...item[key], path, method: key.toUpperCase() })));
}

/** Return the alternatives of a request schema, each with the value that tells it apart. */
export function variantsOf(schema) {
  return (schema.oneOf ?? [schema]).map((variant) => {
    const fixed = Object.values(variant.properties ?? {}).find((one) => one.enum?.length === 1);
    return { label: fixed?.enum[0] ?? "", schema: variant };
  });
}

/** Return the fields of an object schema, nested ones after their parent with a dotted name. */
export function fieldsOf(schema, prefix = "") {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    { name: prefix + name, required: required.has(name), ...described(inner) },
    ...fieldsOf(inner, `${prefix}${name}.`),
  ]);
}

function described(schema) {
  const kinds = (schema.oneOf ?? [schema]).filter((kind) => kind.type !== "null");
  const [main] = kinds;
  const asText = kinds.some((kind) => kind !== main && kind.type === "string");
  return {
    type: typeOf(main) + (asText ? ", also as text" : ""),
    limits: limitsOf(main),
    choices: (main.enum ?? main.items?.enum ?? []).filter((value) => value !== null).map(String),
    standard: schema.default,
    description: schema.description ?? "",
  };
}

function typeOf(schema) {
  if (schema.format === "binary") return "file";
  if (schema.items) return `${typeOf(schema.items)} array`;
  const names = [schema.type ?? "any"].flat().filter((name) => name !== "null");
  return names.join(" or ") + (schema.format ? ` (${schema.format.toUpperCase()})` : "");
}

function limitsOf(schema) {
  const { minimum, maximum, exclusiveMinimum, maxLength, minLength, multipleOf, uniqueItems } = schema;
  const say = (value) => (value > 1e15 ? "2⁶³ − 1" : value.toLocaleString("en"));
  return [
    minimum !== undefined && maximum !== undefined ? `${say(minimum)} to ${say(maximum)}` : null,
    minimum !== undefined && maximum === undefined ? `at least ${say(minimum)}` : null,
    exclusiveMinimum !== undefined ? `more than ${say(exclusiveMinimum)}` : null,
    minimum === undefined && maximum !== undefined ? `at most ${say(maximum)}` : null,
    multipleOf !== undefined ? `steps of ${multipleOf}` : null,
    minLength ? `at least ${say(minLength)} characters` : null,
    maxLength !== undefined ? `at most ${say(maxLength)} characters` : null,
    uniqueItems ? "each once" : null,
  ].filter(Boolean);
}

// Where each dialect takes a recording: the member of the body, and what goes into it.
const RECORDING_PLACES = [
  { path: ["source"], value: (upload) => ({ upload_id: upload.id }) },
  { path: ["input", "audio_url"], value: (upload) => upload.url },
  { path: ["uploadUrl"], value: (upload) => upload.url },
];

/** Return where a request can take an uploaded recording, or undefined. */
export function recordingPlace(schema) {
  const names = new Set(variantsOf(schema).flatMap((variant) => fieldsOf(variant.schema).map((one) => one.name)));
  return RECORDING_PLACES.find((place) => names.has(place.path.join(".")));
}

/** Return a member deep inside a value, or undefined. */
export function memberAt(value, path) {
  return path.reduce((inner, name) => inner?.[name], value);
}

/** Return a copy of an object with one member deep inside replaced. */
export function withMember(value, [name, ...rest], member) {
  return { ...value, [name]: rest.length ? withMember(value?.[name] ?? {}, rest, member) : member };
}

/** Return the id of the task that a reply tells of, in whichever dialect; or undefined. */
export function taskIdOf(reply) {
  if (reply?.object === "task") return reply.id;
  return reply?.data?.taskId ?? reply?.data?.task_id ?? reply?.task_id;
}

/** Return the member of the request that holds the address for callbacks, or undefined. */
export function callbackField(operation) {
  const [address] = Object.values(operation.callbacks ?? {}).flatMap((paths) => Object.keys(paths));
  return address?.match(/#\/(.+)\}$/)?.[1];
}
