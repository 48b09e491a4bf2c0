/** The only module that knows @vscode/webview-ui-toolkit (archived upstream): replacing the toolkit is a change to this file. */
import {
  provideVSCodeDesignSystem, vsCodeButton, vsCodeDropdown, vsCodeOption,
} from '@vscode/webview-ui-toolkit';

/** Defines `<vscode-button>`, `<vscode-dropdown>` and `<vscode-option>`. */
export function registerToolkit(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeDropdown(), vsCodeOption());
}
