// A form of Dataverse as its documentation describes it, as far as the scripts use it, and the scripts loaded beside it.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const RESOURCES = join(dirname(fileURLToPath(import.meta.url)), "../../../../connector/setup/interface/resources");

// As a web resource is: its files one after another.
export function load(name, xrm = {}) {
  const context = vm.createContext({ Xrm: xrm, Promise });
  const text = ["definitions.js", name].map((file) => readFileSync(join(RESOURCES, file), "utf8")).join("\n");
  vm.runInContext(text, context, { filename: name });
  return context.Spotler;
}

// Attributes hold values, controls are visible or not. getControl and getAttribute answer null for what is not there.
export function makeForm(columns, values = {}, formType = 1) {
  const attributes = new Map();
  const controls = new Map();
  for (const name of columns) {
    let value = values[name] ?? null;
    let level = "none";
    let visible = true;
    attributes.set(name, {
      getValue: () => value,
      setValue: (next) => {
        value = next;
      },
      setRequiredLevel: (next) => {
        level = next;
      },
      getRequiredLevel: () => level,
    });
    controls.set(name, {
      setVisible: (next) => {
        visible = next;
      },
      getVisible: () => visible,
    });
  }
  const form = {
    getAttribute: (name) => attributes.get(name) ?? null,
    getControl: (name) => controls.get(name) ?? null,
    ui: { getFormType: () => formType },
  };
  return {
    form,
    context: { getFormContext: () => form },
    set: (name, value) => attributes.get(name).setValue(value),
    get: (name) => attributes.get(name).getValue(),
    shown: () => [...controls].filter(([, control]) => control.getVisible()).map(([name]) => name).sort(),
    required: () =>
      [...attributes].filter(([, each]) => each.getRequiredLevel() === "required").map(([name]) => name).sort(),
  };
}
