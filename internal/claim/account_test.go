package claim

import "testing"

func TestAccount(t *testing.T) {
	const eth = "0x52908400098527886E0F7030069857D2E4169EE7"
	for text, want := range map[string]struct {
		kind  AccountKind
		plain string
	}{
		"By bank transfer":                        {NoAccount, ""},
		"To an account that is still to be named": {NoAccount, ""},
		"From 2026":                               {NoAccount, ""},
		eth:                                       {Wallet, "0X52908400098527886E0F7030069857D2E4169EE7"},
		"USDC to 0x52908400098527886e0f7030069857d2e4169ee7, please": {Wallet, "0X52908400098527886E0F7030069857D2E4169EE7"},
		"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq":                 {Wallet, "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ"},
		"DE89 3704 0044 0532 0130 00":                                {Bank, "DE89370400440532013000"},
		"IBAN: de89370400440532013000":                               {Bank, "DE89370400440532013000"},
		"DE89-3704-0044-0532-0130-00 with Commerzbank":               {Bank, "DE89370400440532013000"},
		"PL61 1090 1014 0000 0712 1981 2874 bank":                    {Bank, "PL61109010140000071219812874"},
		"Account 12 345 678, sort code 20-00-00":                     {Bank, "12345678200000"},
		"12345678 / 200000":                                          {Bank, "12345678200000"},
	} {
		if kind, plain := Account(text); kind != want.kind || plain != want.plain {
			t.Errorf("%q: %q %q, want %q %q", text, kind, plain, want.kind, want.plain)
		}
	}
}
