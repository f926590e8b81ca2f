/** A text field with a list of what it may be: hundreds of names are found by a part of them. */

import { useId, useState, type KeyboardEvent } from "react";

export interface Option {
  value: string;
  /** Beside the name: `counter`. */
  detail?: string | undefined;
  help?: string | undefined;
}

interface ComboProps {
  label: string;
  value: string;
  options: readonly Option[];
  placeholder?: string;
  /** They are still being read. */
  isReading?: boolean;
  onChange: (value: string) => void;
}

/** Shown at once. */
const MOST = 50;

export function Combo({ label, value, options, placeholder, isReading = false, onChange }: ComboProps) {
  const [typed, setTyped] = useState<string>();
  const [at, setAt] = useState(0);
  const id = useId();
  const open = typed !== undefined;
  const found = open ? matching(options, typed) : [];
  const shown = found.slice(0, MOST);
  const choose = (chosen: string) => {
    setTyped(undefined);
    onChange(chosen);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) setTyped("");
      else setAt(Math.max(0, Math.min(shown.length - 1, at + (event.key === "ArrowDown" ? 1 : -1))));
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      choose(shown[at]?.value ?? typed);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      setTyped(undefined);
    }
  };
  return (
    <div className="combo">
      <input
        className="combo-input"
        role="combobox"
        aria-label={label}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && shown[at] ? `${id}-${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder={open && value !== "" ? value : placeholder}
        value={typed ?? value}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onClick={() => {
          if (!open) setTyped("");
          setAt(0);
        }}
        onBlur={() => {
          if (typed !== undefined && typed.trim() !== "") choose(typed.trim());
          else setTyped(undefined);
        }}
        onKeyDown={onKeyDown}
      />
      {open ? (
        <div className="combo-list">
          <div id={`${id}-list`} role="listbox" aria-label={label}>
            {shown.map((option, index) => (
              <div
                key={option.value}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                className={index === at ? "combo-option is-active" : "combo-option"}
                // Before the field loses focus by it.
                onPointerDown={(event) => {
                  event.preventDefault();
                  choose(option.value);
                }}
              >
                <span className="combo-value">
                  <span className="mono">{option.value}</span>
                  {option.detail ? <span className="quiet">{option.detail}</span> : null}
                </span>
                {option.help ? <span className="combo-help quiet">{option.help}</span> : null}
              </div>
            ))}
          </div>
          {found.length > MOST ? (
            <p className="combo-note quiet">{found.length - MOST} more: write a part of the name</p>
          ) : null}
          {found.length === 0 ? (
            <p className="combo-note quiet">{isReading ? "Reading from the clusters…" : "Nothing has this name"}</p>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}

/** Options in which all words stand, those first that begin so. */
export function matching(options: readonly Option[], typed: string): readonly Option[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return options;
  const found = options.filter(({ value, help = "" }) => {
    const text = `${value} ${help}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const rank = ({ value }: Option) =>
    value.toLowerCase().startsWith(words[0]!) ? 0 : value.toLowerCase().includes(words[0]!) ? 1 : 2;
  return found.toSorted((a, b) => rank(a) - rank(b));
}
