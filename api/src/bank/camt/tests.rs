use super::*;

fn statement(entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\n\
         <BkToCstmrStmt><Stmt><Id>S-17</Id><Acct><Id><IBAN>GB33BUKB20201555555555</IBAN></Id></Acct>\n{entries}\n\
         </Stmt></BkToCstmrStmt></Document>\n"
    )
}

const CREDIT: &str = "<Ntry><NtryRef>1</NtryRef><Amt Ccy=\"GBP\">120.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
    <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><AcctSvcrRef>B-1</AcctSvcrRef><NtryDtls><TxDtls>\
    <RltdPties><Dbtr><Pty><Nm>Harbour &amp; Sons</Nm></Pty></Dbtr></RltdPties>\
    <RmtInf><Ustrd>INV-2026-000001</Ustrd><Ustrd>thanks</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>";

#[test]
fn an_entry_is_read_in_its_old_and_new_form() {
    let old = "<Ntry><NtryRef>7</NtryRef><Amt Ccy=\"GBP\">9.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>\
        <BookgDt><DtTm>2026-11-21T08:00:00</DtTm></BookgDt><NtryDtls><TxDtls><RltdPties><Cdtr><Nm>Bank</Nm></Cdtr>\
        </RltdPties></TxDtls></NtryDtls></Ntry><Ntry><Amt Ccy=\"GBP\">1</Amt><Sts>PDNG</Sts></Ntry>";
    let file = read(&statement(&format!("{CREDIT}\n{old}")), 10).expect("a statement");
    let [credit, debit] = file.entries.as_slice() else { panic!("two entries: {file:?}") };
    assert_eq!(
        [&credit.account, &credit.reference, &credit.booked_on, &credit.amount, &credit.currency],
        ["GB33BUKB20201555555555", "B-1", "2026-11-20", "120.00", "GBP"]
    );
    assert_eq!(
        [credit.counterparty.as_str(), credit.text.trim()],
        ["Harbour & Sons", "INV-2026-000001 thanks"]
    );
    assert_eq!([&debit.reference, &debit.amount, &debit.counterparty], ["S-17/7", "-9.50", "Bank"]);
    assert_eq!([&debit.booked_on], ["2026-11-21"]);
    assert_eq!((credit.place, debit.place, file.pending), (4, 5, 1));
}

#[test]
fn an_entry_of_several_transactions_names_all_who_paid() {
    let paid_by = |name: &str, reference: &str| {
        format!(
            "<TxDtls><Refs><AcctSvcrRef>{reference}</AcctSvcrRef></Refs><RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties>\
             </TxDtls>"
        )
    };
    let entry = format!(
        "<Ntry><Amt Ccy=\"GBP\">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts>\
         <AcctSvcrRef>NONREF</AcctSvcrRef><NtryDtls>{}{}{}</NtryDtls></Ntry>",
        paid_by("Nordwind", "notprovided"),
        paid_by("Harbour Cafe", "T-2"),
        paid_by("Nordwind", "T-3"),
    );
    let file = read(&statement(&entry), 10).expect("a statement");
    let [entry] = file.entries.as_slice() else { panic!("an entry: {file:?}") };
    assert_eq!(
        [&entry.counterparty, &entry.reference, &entry.amount],
        ["Nordwind, Harbour Cafe", "T-2", "30.00"]
    );
    assert_eq!(file.faults.total(), 0, "{file:?}");
}

/// Returns an entry of 100.00 whose transactions have these amounts and directions.
fn batch(parts: &[(&str, &str)]) -> String {
    let part = |(amount, direction): &(&str, &str)| {
        format!(
            "<TxDtls><Amt Ccy=\"GBP\">{amount}</Amt>{direction}<RltdPties><Dbtr><Nm>Payer of {amount}</Nm></Dbtr>\
             </RltdPties><RmtInf><Ustrd>Invoice {amount}</Ustrd></RmtInf></TxDtls>"
        )
    };
    let parts: String = parts.iter().map(part).collect();
    format!(
        "<Ntry><Amt Ccy=\"GBP\">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt>\
         <AcctSvcrRef>B-9</AcctSvcrRef><NtryDtls>{parts}</NtryDtls><AddtlNtryInf>Batch</AddtlNtryInf></Ntry>"
    )
}

#[test]
fn an_entry_is_split_if_its_transactions_add_up_to_it() {
    let debit = "<CdtDbtInd>DBIT</CdtDbtInd>";
    let entries = batch(&[("70.00", ""), ("32.50", "<CdtDbtInd>CRDT</CdtDbtInd>"), ("2.50", debit)]);
    let file = read(&statement(&entries), 10).expect("a statement");
    let [whole] = file.entries.as_slice() else { panic!("an entry: {file:?}") };
    let told: Vec<[&str; 4]> = whole
        .parts
        .iter()
        .map(|part| [&*part.reference, &*part.amount, &*part.counterparty, part.text.trim()])
        .collect();
    assert_eq!(
        told,
        [
            ["B-9/1", "70.00", "Payer of 70.00", "Invoice 70.00 Batch"],
            ["B-9/2", "32.50", "Payer of 32.50", "Invoice 32.50 Batch"],
            ["B-9/3", "-2.50", "", "Invoice 2.50 Batch"],
        ]
    );
    assert_eq!((whole.amount.as_str(), whole.transactions, file.lines), ("100.00", 3, 3));
    let old = entries.replace(
        "<Amt Ccy=\"GBP\">70.00</Amt>",
        "<AmtDtls><TxAmt><Amt Ccy=\"GBP\">70</Amt></TxAmt></AmtDtls>",
    );
    assert_eq!(read(&statement(&old), 10).expect("a statement").entries[0].parts.len(), 3);
}

#[test]
fn an_entry_stays_whole_if_its_transactions_are_not_clear() {
    let entries = batch(&[("70.00", ""), ("30.00", "")]);
    for (from, to) in [
        (">30.00</Amt>", ">29.99</Amt>"),
        (">30.00</Amt>", ">-30.00</Amt>"),
        ("<Amt Ccy=\"GBP\">30.00</Amt>", ""),
        ("<Amt Ccy=\"GBP\">30.00", "<Amt Ccy=\"EUR\">30.00"),
        ("<AcctSvcrRef>B-9</AcctSvcrRef>", ""),
        (">30.00</Amt>", ">30.00</Amt><CdtDbtInd>Credit</CdtDbtInd>"),
    ] {
        let changed = entries.replace(from, to);
        assert_ne!(changed, entries, "{from}");
        let file = read(&statement(&changed), 10).expect("a statement");
        let [whole] = file.entries.as_slice() else { panic!("an entry: {file:?}") };
        assert_eq!((whole.parts.len(), whole.transactions, file.lines), (0, 2, 1), "{to}");
    }
    let one = read(&statement(&batch(&[("100.00", "")])), 10).expect("a statement");
    assert_eq!((one.entries[0].parts.len(), one.entries[0].transactions), (0, 1));
    let counted = CREDIT.replace("<NtryDtls>", "<NtryDtls><Btch><NbOfTxs>12</NbOfTxs></Btch>");
    let counted = read(&statement(&counted), 10).expect("a statement");
    assert_eq!((counted.entries[0].parts.len(), counted.entries[0].transactions), (0, 12));
}

#[test]
fn transactions_count_as_entries() {
    let many = batch(&[("10.00", ""); 10]);
    let file = read(&statement(&many.repeat(3)), 15).expect("a statement");
    assert_eq!((file.entries.len(), file.lines), (2, 20), "reading ends after the most");
}

#[test]
fn pending_entries_count_as_entries() {
    let pending = "<Ntry><Sts>PDNG</Sts></Ntry>".repeat(100);
    let file = read(&statement(&pending), 10).expect("a statement");
    assert_eq!(file.pending, 11, "one more than the most");
}

#[test]
fn an_amount_that_is_not_clear_is_a_fault() {
    let faults = |from: &str, to: &str| {
        let file = read(&statement(&CREDIT.replace(from, to)), 10).expect("a statement");
        (file.entries.len(), file.faults.total())
    };
    assert_eq!(faults("CRDT", "CRDT"), (1, 0));
    assert_eq!(faults("CRDT", "Credit"), (1, 1));
    assert_eq!(faults("<CdtDbtInd>CRDT</CdtDbtInd>", ""), (1, 1));
    assert_eq!(faults("120.00", "-120.00"), (1, 1));
    assert_eq!(faults(" Ccy=\"GBP\"", ""), (1, 1));
}

#[test]
fn a_file_that_is_cut_anywhere_is_rejected_with_its_line() {
    let whole = statement(CREDIT);
    for cut in 0..whole.trim_end().len() {
        let Some(part) = whole.get(..cut) else { continue };
        let error = read(part, 10).expect_err("a part");
        assert!(error.detail().starts_with("Line "), "{part}: {}", error.detail());
    }
}

#[test]
fn no_entity_is_expanded() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\">]><Document><a>&b;</a></Document>";
    assert!(read(bomb, 10).expect_err("a rejection").detail().contains("document type"));
    let unknown = statement(&CREDIT.replace("&amp;", "&b;"));
    assert!(read(&unknown, 10).expect_err("a rejection").detail().contains("entity"));
    let deep = "<a>".repeat(DEPTH_MAX + 1);
    assert!(read(&deep, 10).expect_err("a rejection").detail().contains("deeply"));
}
